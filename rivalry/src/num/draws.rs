//! Counter-based random draws: every draw is a function of (seed, purpose,
//! epoch, index), so there is no generator state to save, and asking twice or
//! in another order gives the same number.
//!
//! The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as
//! easy as 1, 2, 3", SC 2011): key = seed, counter = (index, epoch, purpose).
//! The transforms to uniforms, normals and permutations are ours and pinned by
//! golden values, because no library promises them for ever.

use super::special::normal_quantile;

/// What a stream of draws is for. Two streams never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(u32);

impl Purpose {
    /// A purpose by name; the name is hashed (32-bit FNV-1a) into the counter.
    ///
    /// # Examples
    /// ```
    /// use rivalry::num::Purpose;
    /// const INIT: Purpose = Purpose::new("init");
    /// assert_ne!(INIT, Purpose::new("batch order"));
    /// ```
    pub const fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash: u32 = 0x811c_9dc5;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
            i += 1;
        }
        Self(hash)
    }
}

/// One stream of draws with a position; [`Draws::at`] jumps anywhere for free.
#[derive(Clone, Debug)]
pub struct Draws {
    key: [u32; 2],
    epoch: u32,
    purpose: u32,
    index: u64,
    /// The block computed last, under its number: it holds two draws.
    block: Option<(u64, [u32; 4])>,
}

impl Draws {
    /// The stream for (seed, purpose, epoch), at index 0.
    pub fn new(seed: u64, purpose: Purpose, epoch: u32) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], epoch, purpose: purpose.0, index: 0, block: None }
    }

    /// The same stream, moved to `index`.
    pub fn at(mut self, index: u64) -> Self {
        self.index = index;
        self
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        // One counter block holds two draws of 64 bits.
        let block = self.index >> 1;
        let out = match self.block {
            Some((number, out)) if number == block => out,
            _ => philox4x32_10([block as u32, (block >> 32) as u32, self.epoch, self.purpose], self.key),
        };
        self.block = Some((block, out));
        let lane = (self.index & 1) as usize * 2;
        self.index += 1;
        u64::from(out[lane]) | u64::from(out[lane + 1]) << 32
    }

    /// Uniform on the open interval (0, 1): the centres of 2^52 equal cells.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
    }

    /// Standard normal, one draw each, by inversion.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    /// Uniform on 0..n. The bias of the multiply-and-shift method is below
    /// n / 2^64.
    ///
    /// # Panics
    /// When `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "cannot draw below zero");
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// True with probability `p`.
    pub fn bernoulli(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Shuffles in place (Fisher-Yates from the end).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// A random order of 0..n.
    pub fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        self.shuffle(&mut order);
        order
    }
}

fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(counter[0]) * 0xD251_1F53;
        let b = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_known_answers() {
        // Random123 1.09, file kat_vectors.
        assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(
            philox4x32_10([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
        );
        assert_eq!(
            philox4x32_10([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    #[test]
    fn draws_do_not_depend_on_order() {
        let purpose = Purpose::new("test");
        let mut forward = Draws::new(7, purpose, 3);
        let first: Vec<u64> = (0..10).map(|_| forward.bits()).collect();
        for i in (0..10).rev() {
            assert_eq!(Draws::new(7, purpose, 3).at(i).bits(), first[i as usize]);
        }
        assert_ne!(Draws::new(8, purpose, 3).bits(), first[0]);
        assert_ne!(Draws::new(7, purpose, 4).bits(), first[0]);
        assert_ne!(Draws::new(7, Purpose::new("other"), 3).bits(), first[0]);
    }

    #[test]
    fn moments_and_permutations() {
        let mut draws = Draws::new(1, Purpose::new("test"), 0);
        let n = 200_000;
        let (mut sum, mut square, mut cube) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let z = draws.normal();
            sum += z;
            square += z * z;
            cube += z * z * z;
        }
        let n = f64::from(n);
        // Five standard errors: sd of z, z^2, z^3 are 1, sqrt 2, sqrt 15.
        assert!((sum / n).abs() < 5.0 / n.sqrt());
        assert!((square / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
        assert!((cube / n).abs() < 5.0 * (15.0 / n).sqrt());

        let mut counts = [0_u32; 6];
        for i in 0..60_000 {
            let order = Draws::new(2, Purpose::new("perm"), i).permutation(3);
            counts[(order[0] * 2 + u32::from(order[1] > order[2])) as usize] += 1;
        }
        for c in counts {
            // Binomial(60000, 1/6): sd 91.
            assert!((f64::from(c) - 10_000.0).abs() < 5.0 * 91.3, "{counts:?}");
        }
    }
}
