//! The sound: the same digits, spoken over a murmur, as a WAV file.
//!
//! The murmur is made of the digits themselves, backwards and quiet: to a
//! program it looks like speech, to people it is a voice in another room.

use std::io::Cursor;

use super::{RenderError, digits, noise::Noise};

/// Samples a second.
const RATE: u16 = 8000;
/// How loud the murmur is beside the digits.
const MURMUR: f32 = 0.16;

/// The language of the voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Mandarin.
    ZhCn,
    /// English.
    En,
}

macro_rules! voice {
    ($folder:literal) => {
        [
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/0.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/1.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/2.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/3.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/4.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/5.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/6.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/7.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/8.wav")),
            include_bytes!(concat!("../../../../data/captcha/", $folder, "/9.wav")),
        ]
    };
}

/// The ten digits, each a WAV file.
type Voice = [&'static [u8]; 10];

// Made by data/captcha/make-audio.sh.
const MANDARIN: [Voice; 2] = [voice!("zh-CN/1"), voice!("zh-CN/2")];
const ENGLISH: [Voice; 2] = [voice!("en/1"), voice!("en/2")];

/// Speaks the digits, in six to eight seconds.
pub fn wav(answer: &str, language: Language, seed: [u8; 32]) -> Result<Vec<u8>, RenderError> {
    let digits = digits(answer)?;
    let mut noise = Noise::new(seed, 2);
    let voices = match language {
        Language::ZhCn => &MANDARIN,
        Language::En => &ENGLISH,
    };
    let (voice, other) = if noise.chance(50) { (0, 1) } else { (1, 0) };
    let spoken = digits
        .iter()
        .map(|digit| utter(voices, voice, *digit, &mut noise))
        .collect::<Result<Vec<_>, _>>()?;
    let mut sound = lay_out(&spoken, &mut noise);
    murmur(&mut sound, (voices, other), &mut noise)?;
    encode(&sound, &mut noise)
}

/// One digit, a little higher and faster or lower and slower each time.
fn utter(
    voices: &[Voice],
    voice: usize,
    digit: usize,
    noise: &mut Noise,
) -> Result<Vec<f32>, RenderError> {
    let file: &[u8] =
        voices.get(voice).and_then(|voice| voice.get(digit)).copied().unwrap_or_default();
    let samples: Vec<f32> = hound::WavReader::new(Cursor::new(file))?
        .samples::<i16>()
        .map(|sample| sample.map(f32::from))
        .collect::<Result<_, _>>()?;
    let (speed, loud) = (noise.between(0.92, 1.06), noise.between(0.72, 0.95));
    let mut changed = Vec::with_capacity(samples.len() * 5 / 4);
    let (mut at, mut part) = (0, 0.0_f32);
    while let Some([from, to]) = samples.get(at..at + 2) {
        changed.push((from + (to - from) * part) * loud);
        part += speed;
        while part >= 1.0 {
            part -= 1.0;
            at += 1;
        }
    }
    Ok(changed)
}

/// Puts the digits one after the other, with uneven pauses.
fn lay_out(spoken: &[Vec<f32>], noise: &mut Noise) -> Vec<f32> {
    let speech: usize = spoken.iter().map(Vec::len).sum();
    // The time left to the pauses, for a whole of 6.3 to 7.8 s at five digits.
    let whole = noise.between(1.26, 1.56) * count(spoken.len()) * f32::from(RATE);
    let silent = (whole - count(speech)).max(count(spoken.len()) * 3000.0);
    let shares: Vec<f32> = (0..=spoken.len()).map(|_| noise.between(1.0, 2.0)).collect();
    let all: f32 = shares.iter().sum();
    let mut sound = Vec::with_capacity(speech + length(silent) + 1);
    for (index, share) in shares.iter().enumerate() {
        sound.resize(sound.len() + length(silent * share / all), 0.0);
        sound.extend_from_slice(spoken.get(index).map_or(&[], Vec::as_slice));
    }
    sound
}

/// Lays the other voice's digits under the sound, backwards.
fn murmur(
    sound: &mut [f32],
    (voices, voice): (&[Voice], usize),
    noise: &mut Noise,
) -> Result<(), RenderError> {
    let mut start = 0;
    while start < sound.len() {
        let digit = noise.below(10);
        let mut word = utter(voices, voice, digit, noise)?;
        word.reverse();
        let loud = MURMUR * noise.between(0.6, 1.1);
        for (sample, under) in sound.iter_mut().skip(start).zip(&word) {
            *sample += under * loud;
        }
        start += length(count(word.len()) * noise.between(0.55, 0.9)).max(1);
    }
    Ok(())
}

/// Eight bits are enough under a murmur, and half as much to fetch.
fn encode(sound: &[f32], noise: &mut Noise) -> Result<Vec<u8>, RenderError> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE.into(),
        bits_per_sample: 8,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::with_capacity(sound.len() + 64));
    let mut writer = hound::WavWriter::new(&mut file, spec)?;
    let mut hum = 0.0;
    for sample in sound {
        // A dull noise that does not hurt the ear.
        hum = hum * 0.9 + noise.between(-1.6, 1.6);
        let sum = (sample + hum).round().clamp(-127.0, 127.0);
        #[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
        writer.write_sample(sum as i8)?;
    }
    writer.finalize()?;
    Ok(file.into_inner())
}

/// A number of samples to calculate with.
fn count(samples: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "some seconds at 8 kHz")]
    let samples = samples as f32;
    samples
}

/// A number of samples to count with.
fn length(samples: f32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some seconds at 8 kHz"
    )]
    let samples = samples.max(0.0) as usize;
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Language; 2] = [Language::ZhCn, Language::En];

    fn samples(file: &[u8]) -> Vec<f32> {
        let reader = hound::WavReader::new(Cursor::new(file)).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, 8000, 8));
        reader.into_samples::<i16>().map(|sample| f32::from(sample.unwrap())).collect()
    }

    #[test]
    fn every_digit_has_a_recording_of_both_voices() {
        let mut bytes = 0;
        for file in MANDARIN.iter().chain(&ENGLISH).flatten() {
            let seconds = count(samples(file).len()) / 8000.0;
            assert!((0.2..0.8).contains(&seconds), "{seconds} s");
            bytes += file.len();
        }
        assert!(bytes < 150_000, "{bytes} bytes are compiled in");
    }

    #[test]
    fn five_digits_take_six_to_eight_seconds() {
        for seed in 0..40 {
            for language in BOTH {
                let file = wav("90123", language, [seed; 32]).unwrap();
                let seconds = count(samples(&file).len()) / 8000.0;
                assert!((6.0..8.2).contains(&seconds), "{seconds} s");
                assert!(file.len() < 70_000, "{} bytes", file.len());
            }
        }
    }

    #[test]
    fn one_seed_gives_one_sound() {
        for language in BOTH {
            let sound = |seed| wav("90123", language, [seed; 32]).unwrap();
            assert_eq!(sound(1), sound(1));
            assert_ne!(sound(1), sound(2));
        }
        let in_language = |language| wav("90123", language, [1; 32]).unwrap();
        assert_ne!(in_language(Language::ZhCn), in_language(Language::En));
    }

    #[test]
    fn the_digits_stand_out_of_the_murmur() {
        for seed in 0..20 {
            let file = wav("36158", Language::ZhCn, [seed; 32]).unwrap();
            // Loudness of every tenth of a second: the loudest fifth is
            // speech, the quietest fifth is murmur.
            let mut loud: Vec<f32> = samples(&file)
                .chunks(800)
                .map(|part| (part.iter().map(|s| s * s).sum::<f32>() / count(part.len())).sqrt())
                .collect();
            loud.sort_by(f32::total_cmp);
            let fifth = loud.len() / 5;
            let mean = |part: &[f32]| part.iter().sum::<f32>() / count(part.len());
            let ratio = mean(&loud[loud.len() - fifth..]) / mean(&loud[..fifth]);
            assert!(ratio > 4.0, "{ratio}");
            assert!(loud[0] > 0.5, "no part is silent: {}", loud[0]);
        }
    }
}
