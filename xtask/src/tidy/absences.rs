//! What one place alone may do. Each row is an invariant of `ARCHITECTURE.md`.

use crate::tree::Tree;

use super::Finding;

struct Absence {
    /// Words that must not stand in product code …
    words: &'static [&'static str],
    /// … under this folder …
    under: &'static str,
    /// … except here.
    except: &'static [&'static str],
    because: &'static str,
}

const ABSENCES: [Absence; 9] = [
    Absence {
        words: &["println!", "print!", "eprintln!", "eprint!", "io::stdout", "io::stderr"],
        under: "rivalry/src/",
        except: &[],
        because: "the library prints nothing: return it, or tell the watcher",
    },
    Absence {
        words: &["env::var", "env::vars", "env::var_os", "env::args", "Instant::now", "SystemTime::now"],
        under: "rivalry/src/",
        except: &[],
        because: "the library reads no environment and no clock: take it as an argument",
    },
    Absence {
        words: &["env::var", "env::vars", "env::var_os"],
        under: "rivalry-cli/src/",
        except: &["rivalry-cli/src/terminal.rs"],
        because: "the command reads the environment in `terminal` alone",
    },
    Absence {
        words: &["Instant::now", "SystemTime::now"],
        under: "rivalry-cli/src/",
        except: &["rivalry-cli/src/clock.rs"],
        because: "the command reads the clock in `clock` alone",
    },
    Absence {
        words: &["thread::spawn", "thread::scope", "thread::Builder"],
        under: "rivalry/src/",
        except: &["rivalry/src/num/parallel.rs"],
        because: "threads are started and joined in `num::parallel` alone",
    },
    Absence {
        words: &[
            "File::create",
            "File::create_new",
            "OpenOptions::new",
            "fs::write",
            "fs::rename",
            "fs::remove_file",
        ],
        under: "rivalry/src/",
        except: &["rivalry/src/data/atomic.rs", "rivalry/src/store/"],
        because: "files are written, renamed and removed in `data::atomic` and `store` alone, where it is crash-safe",
    },
    Absence {
        words: &["unsafe"],
        under: "",
        except: &["rivalry/src/num/kernels.rs", "rivalry/src/num/kernels/"],
        because: "unsafe code lives in `num::kernels` alone",
    },
    Absence {
        words: &["for epoch in", "for _epoch in", "for _ in 0..epochs", "for _ in 0..n_epochs"],
        under: "rivalry/src/",
        except: &["rivalry/src/train/"],
        because: "there is one training loop, and it lives in `train`",
    },
    Absence {
        words: &["process::exit", "process::abort"],
        under: "rivalry/src/",
        except: &[],
        because: "ending the process is the command's business",
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        for absence in &ABSENCES {
            if !path.starts_with(absence.under) || absence.except.iter().any(|e| path.starts_with(e)) {
                continue;
            }
            for word in absence.words {
                for line in source.find(word) {
                    if !source.is_test_line(line) {
                        findings.push(Finding::new(path, line, format!("`{word}`: {}", absence.because)));
                    }
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|f| f.line).collect()
    }

    #[test]
    fn what_belongs_elsewhere_is_found() {
        let text = "//! Never calls println!().\nfn a() { println!(\"a\") }\nfn b() { std::env::var(\"B\") }\n\
                    fn c() { for epoch in 0..9 {} }\nfn d() { unsafe {} }\nfn e() { fs::rename(a, b) }\n";
        assert_eq!(lines("rivalry/src/strategies/naive.rs", text), [2, 3, 6, 5, 4]);
        assert_eq!(lines("rivalry-cli/src/main.rs", text), [3, 5], "the command may print");
        assert_eq!(lines("rivalry-cli/src/terminal.rs", text), [5]);
    }

    #[test]
    fn where_it_belongs_it_is_not() {
        assert_eq!(lines("rivalry/src/train/mod.rs", "fn c() { for epoch in 0..9 {} }\n"), []);
        assert_eq!(lines("rivalry/src/store/atomic.rs", "fn c() { fs::rename(a, b) }\n"), []);
        assert_eq!(lines("rivalry/src/num/kernels.rs", "fn c() { unsafe {} }\n"), []);
        assert_eq!(lines("rivalry/src/num/sums.rs", "#[test]\nfn c() { println!() }\n"), []);
    }
}
