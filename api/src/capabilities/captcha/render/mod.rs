//! Drawing and speaking the digits of a captcha.
//!
//! Both are made from a seed, so that one captcha always looks and sounds the
//! same: nobody can ask for many drawings of one answer and average the noise
//! away. The crates that draw captchas (`captcha`, `captcha-rs`) take their
//! noise from the thread's random source, even where they can be given another
//! for the digits; and a font would be one more licence to carry. So the
//! strokes are ours, and only the file formats come from crates.

mod audio;
#[rustfmt::skip] // a stroke to a line reads best
mod glyphs;
mod image;
mod noise;

pub use audio::{Language, wav};
pub use image::png;

/// A picture or sound could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The answer is not made of one to eight digits.
    #[error("the answer of a captcha must be one to eight digits")]
    Answer,
    /// The PNG encoder failed.
    #[error("png: {0}")]
    Png(#[from] ::png::EncodingError),
    /// A sound asset or the WAV encoder failed.
    #[error("wav: {0}")]
    Wav(#[from] hound::Error),
}

/// The digits of an answer as numbers.
fn digits(answer: &str) -> Result<Vec<usize>, RenderError> {
    let digits: Option<Vec<usize>> = answer
        .bytes()
        .map(|byte| byte.is_ascii_digit().then(|| usize::from(byte - b'0')))
        .collect();
    digits.filter(|digits| (1..=8).contains(&digits.len())).ok_or(RenderError::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_drawn_and_spoken() {
        for answer in ["", "1234x", "１２３４５", "123456789"] {
            assert!(matches!(png(answer, [1; 32]), Err(RenderError::Answer)), "{answer}");
            assert!(
                matches!(wav(answer, Language::En, [1; 32]), Err(RenderError::Answer)),
                "{answer}"
            );
        }
        assert_eq!(digits("30587").unwrap(), [3, 0, 5, 8, 7]);
    }
}
