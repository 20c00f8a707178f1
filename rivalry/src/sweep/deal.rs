//! Cuts a list of runs into shares of about equal cost, for workers that do not know of each other. Knows no run and no
//! machine: only what each piece of work costs.

use std::collections::BTreeSet;

/// Deals pieces of work into `n` shares: the costliest first, each to the share that has the least so far (longest
/// processing time first, Graham 1969), the earlier one of equals. Costs are in any one unit, not negative. Every
/// piece is in exactly one share; a share lists its pieces in the order of the list. A function of the costs and `n`
/// alone, so that workers agree without a word. With more shares than pieces some are empty.
pub fn deal(costs: &[f64], n: usize) -> Vec<Vec<usize>> {
    let mut shares = vec![Vec::new(); n];
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|a, b| costs[*b].total_cmp(&costs[*a]).then(a.cmp(b)));
    // The bits of numbers that are not negative are ordered as the numbers are.
    let mut loads: BTreeSet<(u64, usize)> = (0..n).map(|share| (0, share)).collect();
    for piece in order {
        let Some((load, share)) = loads.pop_first() else { break };
        shares[share].push(piece);
        let load = f64::from_bits(load) + costs[piece].max(0.0);
        loads.insert((load.to_bits(), share));
    }
    for share in &mut shares {
        share.sort_unstable();
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Purpose};

    #[test]
    fn equal_pieces_go_round() {
        assert_eq!(deal(&[1.0; 7], 3), [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
        assert_eq!(deal(&[1.0; 2], 3), [vec![0], vec![1], vec![]]);
        assert_eq!(deal(&[], 2), [Vec::<usize>::new(), vec![]]);
    }

    #[test]
    fn the_costliest_go_first() {
        // Graham's example: 4/3 - 1/(3n) of the best is the worst that can happen; here 11 of 9.
        let costs = [5.0, 5.0, 4.0, 4.0, 3.0, 3.0, 3.0];
        let loads: Vec<f64> =
            deal(&costs, 3).iter().map(|share| share.iter().map(|i| costs[*i]).sum()).collect();
        assert_eq!(loads, [11.0, 8.0, 8.0]);
    }

    #[test]
    fn every_piece_is_in_one_share_and_no_share_is_far_above_the_others() {
        let mut draws = Draws::new(3, Purpose::new("deal"), 0);
        for n in [1, 2, 3, 8, 50] {
            let costs: Vec<f64> = (0..200).map(|_| draws.below(1000) as f64).collect();
            let shares = deal(&costs, n);
            let mut all: Vec<usize> = shares.concat();
            all.sort_unstable();
            assert!(all.iter().copied().eq(0..200));
            let loads: Vec<f64> = shares.iter().map(|share| share.iter().map(|i| costs[*i]).sum()).collect();
            let most = loads.iter().copied().fold(0.0, f64::max);
            let mean = costs.iter().sum::<f64>() / n as f64;
            let bound = mean + 1000.0 * (1.0 - 1.0 / n as f64);
            assert!(most <= bound, "{most} of {bound} with {n} shares");
        }
    }
}
