//! Accepting what people type and paste.

use unicode_normalization::UnicodeNormalization;

/// A number or code without the dressing: compatibility forms folded (safe for
/// numbers, never for names), spaces, hyphens and invisible characters gone,
/// letters in upper case.
pub(super) fn number(typed: &str) -> String {
    typed
        .nfkc()
        .filter(|c| !c.is_whitespace() && !is_hyphen(*c) && !is_invisible(*c))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Hyphens and dashes that people and word processors put between digits.
fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Zero-width and directional characters that come along when copying.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
}

/// `text` with the characters from `from` up to `to` starred.
pub(super) fn star(text: &str, from: usize, to: usize) -> String {
    text.chars()
        .enumerate()
        .map(|(position, c)| if (from..to).contains(&position) { '*' } else { c })
        .collect()
}
