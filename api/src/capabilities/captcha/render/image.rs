//! The picture: five digits as bent strokes that touch each other, with lines
//! across them.
//!
//! What is hard for a program is to part the digits: so they stand at uneven
//! distances and touch, one dark line nearly as thick as the pen ties them
//! together and two light ones cut them up. Speckles alone only cost bytes.

use super::{
    RenderError, digits,
    glyphs::{Point, WRITTEN},
    noise::Noise,
};

const WIDTH: u16 = 200;
const HEIGHT: u16 = 70;
/// Pieces that a curve between two points is drawn with.
const PIECES: u8 = 6;

/// Draws the digits as a grey PNG of 200 by 70 pixels, 16 shades.
pub fn png(answer: &str, seed: [u8; 32]) -> Result<Vec<u8>, RenderError> {
    let digits = digits(answer)?;
    let mut noise = Noise::new(seed, 1);
    let mut canvas = Canvas::new(&mut noise);
    write(&digits, &mut noise, &mut canvas);
    canvas.line(&mut noise, Ink { half: 0.8, dark: -1.0 });
    canvas.line(&mut noise, Ink { half: 0.8, dark: -1.0 });
    let tie = Ink { half: noise.between(1.2, 1.6), dark: noise.between(0.8, 0.9) };
    canvas.line(&mut noise, tie);
    canvas.speckle(&mut noise);
    encode(&canvas.shades())
}

/// Four bits a pixel: small, and as even to the eye as eight.
fn encode(shades: &[u8]) -> Result<Vec<u8>, RenderError> {
    let pairs: Vec<u8> =
        shades.chunks(2).map(|pair| pair.iter().fold(0, |byte, shade| byte << 4 | shade)).collect();
    let mut file = Vec::with_capacity(4096);
    let mut encoder = ::png::Encoder::new(&mut file, WIDTH.into(), HEIGHT.into());
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_depth(::png::BitDepth::Four);
    encoder.set_filter(::png::Filter::NoFilter);
    encoder.set_compression(::png::Compression::Balanced);
    encoder.write_header()?.write_image_data(&pairs)?;
    Ok(file)
}

/// Writes the digits from left to right, centred as a whole.
fn write(digits: &[usize], noise: &mut Noise, canvas: &mut Canvas) {
    let steps: Vec<f32> = digits.iter().map(|_| noise.between(32.0, 38.0)).collect();
    let fit = (178.0 / (steps.iter().sum::<f32>())).min(1.0);
    let width: f32 = steps.iter().map(|step| step * fit).sum();
    let spare = (180.0 - width) / 2.0;
    let mut left = 100.0 - width / 2.0 + noise.between(-spare, spare);
    for (digit, step) in digits.iter().zip(&steps) {
        let step = step * fit;
        let place = Place::new(left + step / 2.0, fit, noise);
        let ink = Ink { half: noise.between(2.0, 2.5), dark: noise.between(0.84, 0.98) };
        let way = usize::from(noise.chance(50));
        for stroke in
            WRITTEN.get(*digit).and_then(|ways| ways.get(way)).copied().unwrap_or_default()
        {
            let points: Vec<Point> = stroke
                .iter()
                .map(|(x, y)| (x + noise.between(-0.025, 0.025), y + noise.between(-0.025, 0.025)))
                .map(|point| place.put(point))
                .collect();
            canvas.curve(&points, ink);
        }
        left += step;
    }
}

/// Where and how a digit stands.
struct Place {
    centre: Point,
    size: f32,
    wide: f32,
    shear: f32,
    turn: (f32, f32),
}

impl Place {
    fn new(middle: f32, fit: f32, noise: &mut Noise) -> Self {
        Self {
            centre: (middle, 35.0 + noise.between(-6.0, 6.0)),
            size: noise.between(25.0, 29.0) * fit.sqrt(),
            wide: noise.between(0.88, 1.12),
            shear: noise.between(-0.16, 0.16),
            turn: noise.between(-0.26, 0.26).sin_cos(),
        }
    }

    /// A point of the digit's box on the canvas.
    fn put(&self, (x, y): Point) -> Point {
        let (x, y) = ((x - 0.5) * self.size * self.wide, (y - 0.75) * self.size);
        let x = x + y * self.shear;
        let (sin, cos) = self.turn;
        (self.centre.0 + x * cos - y * sin, self.centre.1 + x * sin + y * cos)
    }
}

/// How a line is drawn.
#[derive(Clone, Copy)]
struct Ink {
    /// Half its thickness in pixels.
    half: f32,
    /// 1 is black; -1 takes away what is there.
    dark: f32,
}

/// Bends everything that is drawn: a wave down and one across.
struct Wave {
    phase: Point,
    height: Point,
    length: Point,
}

impl Wave {
    fn bend(&self, (x, y): Point) -> Point {
        (
            x + (y * self.length.0 + self.phase.0).sin() * self.height.0,
            y + (x * self.length.1 + self.phase.1).sin() * self.height.1,
        )
    }
}

struct Canvas {
    /// Darkness, row by row.
    ink: Vec<f32>,
    wave: Wave,
    /// Phases and lengths of the shade behind the digits.
    ground: [f32; 4],
}

impl Canvas {
    fn new(noise: &mut Noise) -> Self {
        let wave = Wave {
            phase: (noise.between(0.0, 6.3), noise.between(0.0, 6.3)),
            height: (noise.between(1.0, 2.2), noise.between(2.0, 4.0)),
            length: (noise.between(0.06, 0.13), noise.between(0.04, 0.07)),
        };
        let ground = [
            noise.between(0.0, 6.3),
            noise.between(0.0, 6.3),
            noise.between(0.02, 0.05),
            noise.between(0.03, 0.08),
        ];
        Self { ink: vec![0.0; usize::from(WIDTH) * usize::from(HEIGHT)], wave, ground }
    }

    /// A smooth curve through the points (Catmull–Rom).
    fn curve(&mut self, points: &[Point], ink: Ink) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let padded: Vec<Point> =
            std::iter::once(first).chain(points).chain(std::iter::once(last)).copied().collect();
        let mut from = self.wave.bend(*first);
        for window in padded.windows(4) {
            let &[before, start, end, after] = window else { continue };
            for piece in 1..=PIECES {
                let part = f32::from(piece) / f32::from(PIECES);
                let to = self.wave.bend((
                    between(part, [before.0, start.0, end.0, after.0]),
                    between(part, [before.1, start.1, end.1, after.1]),
                ));
                self.segment(from, to, ink);
                from = to;
            }
        }
    }

    /// Draws a piece over the pixels near it.
    fn segment(&mut self, from: Point, to: Point, ink: Ink) {
        let reach = ink.half + 1.0;
        let rows = pixels(from.1.min(to.1) - reach, from.1.max(to.1) + reach, HEIGHT);
        for y in rows {
            let columns = pixels(from.0.min(to.0) - reach, from.0.max(to.0) + reach, WIDTH);
            for x in columns {
                let apart = distance((f32::from(x), f32::from(y)), from, to);
                let cover = (ink.half + 0.5 - apart).clamp(0.0, 1.0);
                if let Some(pixel) = self.ink.get_mut(index(x, y)) {
                    *pixel = if ink.dark > 0.0 {
                        pixel.max(cover * ink.dark)
                    } else {
                        pixel.min(1.0 - cover)
                    };
                }
            }
        }
    }

    /// A line from edge to edge that swings across the digits.
    fn line(&mut self, noise: &mut Noise, ink: Ink) {
        let points: Vec<Point> = (-1..=6_i8)
            .map(|step| {
                (f32::from(step) * 40.0 + noise.between(-9.0, 9.0), noise.between(16.0, 54.0))
            })
            .collect();
        self.curve(&points, ink);
    }

    /// Dots, dark and light.
    fn speckle(&mut self, noise: &mut Noise) {
        for count in 0..60 {
            let dark = if count % 3 == 0 { -1.0 } else { noise.between(0.25, 0.8) };
            let at = (noise.between(0.0, 200.0), noise.between(0.0, 70.0));
            let to = (at.0 + noise.between(-1.5, 1.5), at.1 + noise.between(-1.5, 1.5));
            self.segment(at, to, Ink { half: noise.between(0.4, 1.0), dark });
        }
    }

    /// The pixels as shades, 0 (black) to 15, on an uneven light ground.
    fn shades(&self) -> Vec<u8> {
        let [down, across, long, short] = self.ground;
        let mut shades = Vec::with_capacity(self.ink.len());
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let (along, below) = (f32::from(x), f32::from(y));
                let swell =
                    (along * long + down).sin() + (below * short + along * 0.01 + across).cos();
                let ground = 14.0 + swell * 0.75;
                let ink = self.ink.get(index(x, y)).copied().unwrap_or_default();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "clamped to 0..=15"
                )]
                let shade = (ground * (1.0 - ink)).round().clamp(0.0, 15.0) as u8;
                shades.push(shade);
            }
        }
        shades
    }
}

fn index(x: u16, y: u16) -> usize {
    usize::from(y) * usize::from(WIDTH) + usize::from(x)
}

/// The pixels from `low` to `high` that lie on the canvas.
fn pixels(low: f32, high: f32, end: u16) -> std::ops::Range<u16> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the canvas"
    )]
    let pixel = |at: f32| at.clamp(0.0, f32::from(end)) as u16;
    pixel(low.floor())..pixel(high.ceil() + 1.0)
}

/// The curve from the second to the third of four values, at `part` of it.
fn between(part: f32, [before, start, end, after]: [f32; 4]) -> f32 {
    let speed = end - before;
    let bend = 2.0 * before - 5.0 * start + 4.0 * end - after;
    let twist = 3.0 * (start - end) + after - before;
    start + 0.5 * part * (speed + part * (bend + part * twist))
}

/// From a point to a straight piece.
fn distance(point: Point, from: Point, to: Point) -> f32 {
    let along = (to.0 - from.0, to.1 - from.1);
    let offset = (point.0 - from.0, point.1 - from.1);
    let square = along.0 * along.0 + along.1 * along.1;
    let part = if square > 0.0 {
        ((offset.0 * along.0 + offset.1 * along.1) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (offset.0 - part * along.0).hypot(offset.1 - part * along.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Size and shades, 0 to 15.
    fn decode(file: &[u8]) -> ((u32, u32), Vec<u8>) {
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        ((info.width, info.height), bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect())
    }

    #[test]
    fn one_seed_draws_one_picture() {
        assert_eq!(png("30587", [1; 32]).unwrap(), png("30587", [1; 32]).unwrap());
        assert_ne!(png("30587", [1; 32]).unwrap(), png("30587", [2; 32]).unwrap());
        assert_ne!(png("30587", [1; 32]).unwrap(), png("30586", [1; 32]).unwrap());
    }

    #[test]
    fn pictures_are_small_and_of_high_contrast() {
        for seed in 0..60 {
            let file = png("30587", [seed; 32]).unwrap();
            assert!(file.len() < 8_000, "{} bytes", file.len());
            let (size, shades) = decode(&file);
            assert_eq!(size, (200, 70));
            let dark = shades.iter().filter(|shade| **shade <= 3).count();
            let light = shades.iter().filter(|shade| **shade >= 12).count();
            assert!((900..3500).contains(&dark), "{dark} dark pixels");
            assert!(light > 9_000, "{light} light pixels");
        }
    }

    #[test]
    fn no_digit_is_cut_off() {
        // Without lines and dots: what is written keeps off the edges.
        for seed in 0..100 {
            for answer in ["00000", "44444", "88888", "71717"] {
                let mut noise = Noise::new([seed; 32], 1);
                let mut canvas = Canvas::new(&mut noise);
                write(&digits(answer).unwrap(), &mut noise, &mut canvas);
                let edge = |x, y| canvas.ink[index(x, y)] > 0.5;
                assert!((0..WIDTH).all(|x| !edge(x, 0) && !edge(x, HEIGHT - 1)), "{answer} {seed}");
                assert!((0..HEIGHT).all(|y| !edge(0, y) && !edge(WIDTH - 1, y)), "{answer} {seed}");
            }
        }
    }

    #[test]
    fn every_way_of_writing_is_drawn() {
        for ways in WRITTEN {
            for stroke in ways.iter().copied().flatten() {
                assert!(stroke.len() >= 2);
                assert!(
                    stroke.iter().all(|(x, y)| (0.0..=1.05).contains(x) && (0.0..=1.5).contains(y))
                );
            }
        }
    }

    #[test]
    fn other_lengths_fit_too() {
        for answer in ["7", "123456", "12345678"] {
            assert_eq!(decode(&png(answer, [9; 32]).unwrap()).0, (200, 70));
        }
    }
}
