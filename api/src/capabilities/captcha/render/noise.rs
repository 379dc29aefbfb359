//! A small repeatable source of numbers (xoshiro256++). It only decorates: the
//! secret is the answer, which was drawn elsewhere.

/// Numbers from a seed.
pub(super) struct Noise([u64; 4]);

impl Noise {
    /// Starts from a seed; `stream` keeps picture and sound apart.
    pub fn new(seed: [u8; 32], stream: u64) -> Self {
        // The constant keeps the state from being all zeros.
        let mut state = [stream, 0x9e37_79b9_7f4a_7c15, 0, 0];
        for (word, bytes) in state.iter_mut().zip(seed.chunks(8)) {
            *word ^= bytes.iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
        }
        let mut noise = Self(state);
        // Seeds that differ in a few bits have parted after some rounds.
        for _ in 0..16 {
            noise.next();
        }
        noise
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// A number from `low` up to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "24 bits fill an f32's mantissa")]
        let unit = (self.next() >> 40) as f32 / 16_777_216.0;
        low + (high - low) * unit
    }

    /// A whole number from 0 up to and without `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let scaled = u128::from(self.next()) * end as u128;
        // Less than `end`, so it fits.
        usize::try_from(scaled >> 64).unwrap_or_default()
    }

    /// True in about `percent` of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        let mut noise = Noise([1, 2, 3, 4]);
        assert_eq!(noise.next(), 41_943_041);
        assert_eq!(noise.next(), 58_720_359);
        assert_eq!(noise.next(), 3_588_806_011_781_223);
    }

    #[test]
    fn numbers_stay_in_their_range_and_fill_it() {
        let mut noise = Noise::new([0; 32], 0);
        let drawn: Vec<f32> = (0..4000).map(|_| noise.between(-1.0, 3.0)).collect();
        assert!(drawn.iter().all(|number| (-1.0..=3.0).contains(number)));
        let mean = drawn.iter().sum::<f32>() / 4000.0;
        assert!((mean - 1.0).abs() < 0.1, "{mean}");
        let mut seen = [false; 5];
        (0..100).for_each(|_| seen[noise.below(5)] = true);
        assert_eq!(seen, [true; 5]);
    }

    #[test]
    fn seeds_and_streams_differ() {
        let first = |seed, stream| Noise::new(seed, stream).next();
        assert_eq!(first([7; 32], 1), first([7; 32], 1));
        assert_ne!(first([7; 32], 1), first([7; 32], 2));
        let mut near = [7; 32];
        near[31] ^= 1;
        assert_ne!(first([7; 32], 1), first(near, 1));
    }
}
