//! The figures, beside what they should be.

use std::{fs, path::Path};

use serde_json::{Value, json};

/// Whether more or less is better.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Only to be known.
    None,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report(Vec<Value>);

impl Report {
    /// Adds a figure.
    pub fn figure(&mut self, name: &str, (value, unit): (f64, &str), goal: Goal) {
        let (met, wanted) = match goal {
            Goal::AtLeast(least) => (Some(value >= least), format!("at least {least}")),
            Goal::AtMost(most) => (Some(value <= most), format!("at most {most}")),
            Goal::None => (None, String::new()),
        };
        let mark = met.map_or("", |met| if met { "met" } else { "MISSED" });
        // What has no unit is a share.
        let digits = if unit.is_empty() { 3 } else { 2 };
        println!("{name:<74} {value:>10.digits$} {unit:<7} {wanted:<16} {mark}");
        self.0.push(json!({
            "name": name, "value": value, "unit": unit, "goal": wanted, "met": met,
        }));
    }

    /// Adds something that is no figure.
    pub fn note(&mut self, text: &str) {
        println!("{text}");
        self.0.push(json!({ "note": text }));
    }

    /// Writes the report; says whether every goal was met.
    #[must_use]
    pub fn finish(self) -> bool {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.json");
        let text = serde_json::to_string_pretty(&json!({ "figures": self.0 })).unwrap();
        fs::write(&path, text).unwrap();
        println!("written to target/bench/report.json");
        let missed = self.0.iter().filter(|one| one["met"] == false).count();
        if missed > 0 {
            println!("{missed} of the goals MISSED");
        }
        missed == 0
    }
}

/// The value below which 99 of 100 lie.
pub fn p99(values: &mut [f64]) -> f64 {
    percentile(values, 0.99)
}

/// The value in the middle.
pub fn median(values: &mut [f64]) -> f64 {
    percentile(values, 0.5)
}

fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * part).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
