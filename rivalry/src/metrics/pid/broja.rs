//! The decomposition of a table of two symbols and a label: Bertschinger, Rauh,
//! Olbrich, Jost, Ay, Quantifying Unique Information, Entropy 2014.
//!
//! Among all Q with Q(x1, y) = P(x1, y) and Q(x2, y) = P(x2, y), the one with the least
//! information I_Q(X1, X2; Y) has no synergy:
//!
//! R = I(X1; Y) + I(X2; Y) - I_Q, U1 = I_Q - I(X2; Y), U2 = I_Q - I(X1; Y), S = I_P - I_Q.
//!
//! I_Q is the least divergence of Q(x1, x2, y) from R(x1, x2) P(y) over R, so it is
//! minimised by turns: R is the marginal of Q, and Q the projection of R P(y) back on the
//! marginals, which is iterative proportional fitting for every label. That is exponentiated
//! gradient descent on log(Q / Q(x1, x2)) with step 1; I_Q never rises.

use crate::num::special;

/// A table of how often two symbols and a label occur together.
#[derive(Clone, Debug, PartialEq)]
pub struct Triples {
    sizes: [usize; 3],
    /// Label x first x second, the last index fastest; sums to 1.
    p: Vec<f64>,
    /// Number of samples behind it, where it was counted.
    n: Option<usize>,
}

/// Why there is no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TriplesError {
    /// The lists have different lengths.
    #[error("the symbols and labels are {0}, {1} and {2} in number")]
    Lengths(usize, usize, usize),
    /// A symbol or label does not exist.
    #[error("sample {0}: a symbol or label is not below its number")]
    Symbol(usize),
    /// Probabilities are negative, not finite, too many or too few, or sum to nothing.
    #[error("these are no probabilities of {0} x {1} x {2} cells")]
    Probabilities(usize, usize, usize),
}

/// When the search ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct How {
    /// Bits that I_Q must still fall by in ten steps.
    pub tolerance: f64,
    /// Steps at most.
    pub max_steps: usize,
}

impl std::default::Default for How {
    fn default() -> Self {
        Self { tolerance: 1e-12, max_steps: 20_000 }
    }
}

/// The parts, in bits; none is negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decomposition {
    /// What both say.
    pub redundant: f64,
    /// What only the first says, and only the second.
    pub unique: [f64; 2],
    /// What only both together say.
    pub synergy: f64,
    /// I(X1; Y), I(X2; Y), I(X1, X2; Y), plug-in.
    pub information: [f64; 3],
    /// Steps of the search.
    pub steps: usize,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

impl Triples {
    /// Counts samples: symbols of the first and second side, and labels, below `sizes`.
    pub fn count(
        first: &[usize],
        second: &[usize],
        labels: &[u32],
        sizes: [usize; 3],
    ) -> Result<Self, TriplesError> {
        let n = labels.len();
        if first.len() != n || second.len() != n || n == 0 {
            return Err(TriplesError::Lengths(first.len(), second.len(), n));
        }
        let mut counts = vec![0_usize; sizes.iter().product()];
        for (i, ((a, b), y)) in first.iter().zip(second).zip(labels).enumerate() {
            if *a >= sizes[0] || *b >= sizes[1] || *y as usize >= sizes[2] {
                return Err(TriplesError::Symbol(i));
            }
            counts[(*y as usize * sizes[0] + a) * sizes[1] + b] += 1;
        }
        let p = counts.into_iter().map(|c| c as f64 / n as f64).collect();
        Ok(Self { sizes, p, n: Some(n) })
    }

    /// From probabilities, label x first x second with the last index fastest;
    /// they are divided by their sum.
    pub fn new(sizes: [usize; 3], p: Vec<f64>) -> Result<Self, TriplesError> {
        let total: f64 = p.iter().sum();
        let fits = sizes.iter().product::<usize>() == p.len() && p.iter().all(|x| *x >= 0.0);
        if !fits || !total.is_finite() || total <= 0.0 {
            return Err(TriplesError::Probabilities(sizes[0], sizes[1], sizes[2]));
        }
        Ok(Self { sizes, p: p.into_iter().map(|x| x / total).collect(), n: None })
    }

    /// I(X1; Y), I(X2; Y), I(X1, X2; Y) in bits, plug-in.
    pub fn information(&self) -> [f64; 3] {
        let [n1, n2, k] = self.sizes;
        let (first, second) = (self.first_margins(), self.second_margins());
        [information(&first, k, n1), information(&second, k, n2), information(&self.p, k, n1 * n2)]
    }

    /// The same with the correction of Miller (1955): an entropy of m occupied cells is
    /// too small by (m - 1) / (2 n) nats. Without a number of samples, plug-in.
    pub fn corrected_information(&self) -> [f64; 3] {
        let [n1, n2, k] = self.sizes;
        let plain = self.information();
        let Some(n) = self.n else { return plain };
        let excess = |joint: &[f64], symbols: usize| {
            let cells = joint.iter().filter(|p| **p > 0.0).count() as f64;
            let occupied = |s: &usize| (0..k).any(|y| joint[y * symbols + s] > 0.0);
            let symbols_seen = (0..symbols).filter(occupied).count() as f64;
            let seen = |y: &usize| joint[y * symbols..(y + 1) * symbols].iter().any(|p| *p > 0.0);
            let labels_seen = (0..k).filter(seen).count() as f64;
            // (cells - 1) - (symbols - 1) - (labels - 1), in bits.
            (cells - symbols_seen - labels_seen + 1.0) / (2.0 * n as f64 * std::f64::consts::LN_2)
        };
        [
            plain[0] - excess(&self.first_margins(), n1),
            plain[1] - excess(&self.second_margins(), n2),
            plain[2] - excess(&self.p, n1 * n2),
        ]
    }

    /// P(x1, y), label x first.
    fn first_margins(&self) -> Vec<f64> {
        self.p.chunks_exact(self.sizes[1]).map(|row| row.iter().sum()).collect()
    }

    /// P(x2, y), label x second.
    fn second_margins(&self) -> Vec<f64> {
        let [n1, n2, k] = self.sizes;
        let cell = |y: usize, b: usize| (0..n1).map(|a| self.p[(y * n1 + a) * n2 + b]).sum();
        (0..k * n2).map(|i| cell(i / n2, i % n2)).collect()
    }
}

/// Information in bits between label and symbol of a joint table, label x symbol.
fn information(joint: &[f64], n_labels: usize, n_symbols: usize) -> f64 {
    let of_symbol: Vec<f64> =
        (0..n_symbols).map(|s| (0..n_labels).map(|y| joint[y * n_symbols + s]).sum()).collect();
    let mut total = 0.0;
    for row in joint.chunks_exact(n_symbols) {
        let of_label: f64 = row.iter().sum();
        for (p, symbol) in row.iter().zip(&of_symbol) {
            if *p > 0.0 {
                total += p * special::ln(p / of_label / symbol);
            }
        }
    }
    (total / std::f64::consts::LN_2).max(0.0)
}

/// Decomposes a table.
pub fn decompose(table: &Triples, how: How) -> Decomposition {
    let [n1, n2, k] = table.sizes;
    let information_of = table.information();
    let mut search = Search::new(table);
    let mut now = information(&search.q, k, n1 * n2);
    let (mut steps, mut converged) = (0, false);
    while steps < how.max_steps && !converged {
        for _ in 0..10.min(how.max_steps - steps) {
            search.step();
            steps += 1;
        }
        let next = information(&search.q, k, n1 * n2);
        converged = (now - next).abs() <= how.tolerance;
        now = next;
    }
    // What no decomposition can leave: no part is negative beyond rounding and the tolerance.
    let [i1, i2, both] = information_of;
    let least = now.min(both).max(i1.max(i2)).min(i1 + i2);
    Decomposition {
        redundant: (i1 + i2 - least).max(0.0),
        unique: [(least - i2).max(0.0), (least - i1).max(0.0)],
        synergy: (both - least).max(0.0),
        information: information_of,
        steps,
        converged,
    }
}

/// The Q that is looked for, with the factors of its last fit.
struct Search {
    sizes: [usize; 3],
    first: Vec<f64>,
    second: Vec<f64>,
    q: Vec<f64>,
    /// Q(x1, x2).
    marginal: Vec<f64>,
    of_first: Vec<f64>,
    of_second: Vec<f64>,
}

/// Largest error of a marginal that a fit leaves.
const FITTED: f64 = 1e-13;
const MAX_FITS: usize = 200;

impl Search {
    /// Starts where the symbols are independent given the label.
    fn new(table: &Triples) -> Self {
        let [n1, n2, k] = table.sizes;
        let (first, second) = (table.first_margins(), table.second_margins());
        let mut q = Vec::with_capacity(table.p.len());
        for y in 0..k {
            let of_label: f64 = first[y * n1..(y + 1) * n1].iter().sum();
            for a in 0..n1 {
                for b in 0..n2 {
                    let product = first[y * n1 + a] * second[y * n2 + b];
                    q.push(if of_label > 0.0 { product / of_label } else { 0.0 });
                }
            }
        }
        Self {
            sizes: table.sizes,
            of_first: vec![1.0; k * n1],
            of_second: vec![1.0; k * n2],
            marginal: vec![0.0; n1 * n2],
            first,
            second,
            q,
        }
    }

    /// One turn: the marginal of Q, then for every label its projection on the
    /// table's marginals, by factors on rows and columns that go on from the last turn.
    fn step(&mut self) {
        let [n1, n2, k] = self.sizes;
        self.marginal.fill(0.0);
        for q in self.q.chunks_exact(n1 * n2) {
            self.marginal.iter_mut().zip(q).for_each(|(m, q)| *m += q);
        }
        for y in 0..k {
            let rows = &self.first[y * n1..(y + 1) * n1];
            let columns = &self.second[y * n2..(y + 1) * n2];
            let of_first = &mut self.of_first[y * n1..(y + 1) * n1];
            let of_second = &mut self.of_second[y * n2..(y + 1) * n2];
            fit(&self.marginal, rows, columns, of_first, of_second);
            for (a, q) in self.q[y * n1 * n2..(y + 1) * n1 * n2].chunks_exact_mut(n2).enumerate() {
                for (b, q) in q.iter_mut().enumerate() {
                    *q = of_first[a] * self.marginal[a * n2 + b] * of_second[b];
                }
            }
        }
    }
}

/// Iterative proportional fitting: factors with which the matrix has these sums
/// of rows and of columns.
fn fit(matrix: &[f64], rows: &[f64], columns: &[f64], of_rows: &mut [f64], of_columns: &mut [f64]) {
    let n2 = columns.len();
    let factor = |wanted: f64, found: f64| if wanted > 0.0 && found > 0.0 { wanted / found } else { 0.0 };
    let mut sums = vec![0.0; n2];
    for _ in 0..MAX_FITS {
        let mut error: f64 = 0.0;
        for (a, row) in matrix.chunks_exact(n2).enumerate() {
            let found: f64 = row.iter().zip(of_columns.iter()).map(|(m, c)| m * c).sum();
            error = error.max((of_rows[a] * found - rows[a]).abs());
            of_rows[a] = factor(rows[a], found);
        }
        if error <= FITTED {
            break;
        }
        sums.fill(0.0);
        for (row, of_row) in matrix.chunks_exact(n2).zip(of_rows.iter()) {
            sums.iter_mut().zip(row).for_each(|(s, m)| *s += m * of_row);
        }
        for ((of_column, wanted), found) in of_columns.iter_mut().zip(columns).zip(&sums) {
            *of_column = factor(*wanted, *found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gate of two fair bits.
    fn gate(output: impl Fn(usize, usize) -> usize) -> Triples {
        let mut p = vec![0.0; 8];
        for a in 0..2 {
            for b in 0..2 {
                p[(output(a, b) * 2 + a) * 2 + b] += 0.25;
            }
        }
        Triples::new([2, 2, 2], p).unwrap()
    }

    #[test]
    fn gates() {
        let copies = Triples::new([2, 2, 2], vec![0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]).unwrap();
        let and_redundant = 0.311_278_124_459_132_8;
        for (table, expected) in [
            (gate(|a, b| a ^ b), [0.0, 0.0, 0.0, 1.0]),
            (gate(|a, b| a & b), [and_redundant, 0.0, 0.0, 0.5]),
            (gate(|a, _| a), [0.0, 1.0, 0.0, 0.0]),
            (gate(|_, b| b), [0.0, 0.0, 1.0, 0.0]),
            (copies, [1.0, 0.0, 0.0, 0.0]),
        ] {
            let d = decompose(&table, How::default());
            assert!(d.converged, "{} steps", d.steps);
            let found = [d.redundant, d.unique[0], d.unique[1], d.synergy];
            assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-7), "{found:?} {expected:?}");
        }
    }

    #[test]
    fn parts_add_up() {
        let weights = (0..60).map(|i| f64::from((i * 29 + 7) % 31) + 0.5).collect();
        let table = Triples::new([4, 5, 3], weights).unwrap();
        let d = decompose(&table, How::default());
        let [i1, i2, both] = d.information;
        assert!((d.redundant + d.unique[0] - i1).abs() < 1e-9);
        assert!((d.redundant + d.unique[1] - i2).abs() < 1e-9);
        assert!((d.redundant + d.unique[0] + d.unique[1] + d.synergy - both).abs() < 1e-9);
        // The other way round the sides change places.
        let swapped: Vec<f64> = (0..60).map(|i| table.p[((i / 20) * 4 + i % 4) * 5 + (i / 4) % 5]).collect();
        let other = decompose(&Triples::new([5, 4, 3], swapped).unwrap(), How::default());
        assert!((other.unique[0] - d.unique[1]).abs() < 1e-6 && (other.synergy - d.synergy).abs() < 1e-6);
    }

    #[test]
    fn miller_madow_by_hand() {
        // Two fair coins that are equal in 3 of 4: entropies 1, 1 and of four cells.
        let table =
            Triples::count(&[0, 0, 1, 1, 0, 1, 0, 1], &[0; 8], &[0, 0, 1, 1, 0, 1, 1, 0], [2, 1, 2]).unwrap();
        let plain = table.information()[0];
        let h = -(0.75 * special::ln(0.375) + 0.25 * special::ln(0.125)) / std::f64::consts::LN_2;
        assert!((plain - (2.0 - h)).abs() < 1e-12);
        let bias = (4.0 - 2.0 - 2.0 + 1.0) / (16.0 * std::f64::consts::LN_2);
        assert!((table.corrected_information()[0] - (plain - bias)).abs() < 1e-12);
        assert_eq!(table.corrected_information()[1], 0.0);
    }

    #[test]
    fn what_is_no_table() {
        assert_eq!(Triples::count(&[0], &[0, 1], &[0], [2, 2, 2]), Err(TriplesError::Lengths(1, 2, 1)));
        assert_eq!(Triples::count(&[2], &[0], &[0], [2, 2, 2]), Err(TriplesError::Symbol(0)));
        assert!(Triples::count(&[], &[], &[], [1, 1, 1]).is_err());
        assert!(Triples::new([1, 1, 2], vec![0.0, 0.0]).is_err());
        assert!(Triples::new([1, 1, 2], vec![f64::NAN, 1.0]).is_err());
        assert!(Triples::new([1, 1, 2], vec![1.0, 1.0]).is_ok());
    }
}
