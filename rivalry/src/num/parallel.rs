//! A parallel map over independent pieces of work, results in input order.
//!
//! Threads are scoped: none outlives the call. Each piece is computed by one
//! thread from its own inputs, so the number of threads changes time, not bits.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of threads the machine offers to this process, at least 1.
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// `f(i, &items[i])` for every item on `threads` threads; results in the order
/// of the items. Workers take the next item when they finish one, so uneven
/// work balances itself.
///
/// # Panics
/// When `f` panics, after all threads have stopped.
pub fn map<I: Sync, O: Send>(threads: usize, items: &[I], f: impl Fn(usize, &I) -> O + Sync) -> Vec<O> {
    let threads = threads.clamp(1, items.len().max(1));
    if threads == 1 {
        return items.iter().enumerate().map(|(i, item)| f(i, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<O>>> = items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(i) else { break };
                    let value = f(i, item);
                    *slots[i].lock().expect("no thread panics while it holds a slot") = Some(value);
                }
            });
        }
    });
    slots
        .into_iter()
        .map(|slot| slot.into_inner().expect("as above").expect("every slot was filled"))
        .collect()
}

/// Runs `worker` on `threads` threads at once, for work that hands itself out;
/// on the calling thread when one is enough. Returns when all have returned.
///
/// # Panics
/// When a worker panics, after all threads have stopped.
pub fn workers(threads: usize, worker: impl Fn() + Sync) {
    if threads <= 1 {
        return worker();
    }
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(&worker);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_for_any_number_of_threads() {
        let items: Vec<u64> = (0..1000).collect();
        let expected: Vec<u64> = items.iter().map(|i| i * i).collect();
        for threads in [0, 1, 2, 3, 8, 5000] {
            assert_eq!(map(threads, &items, |_, i| i * i), expected);
        }
        assert!(map(4, &[] as &[u8], |_, _| 0).is_empty());
    }
}
