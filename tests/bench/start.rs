//! Starting, and sizes.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    report::{Goal, Report, median},
    support::{Engine, Server},
};

const STARTS: usize = 10;

pub fn measure(report: &mut Report) {
    // The first start makes keys and tables.
    let mut server = Server::start(Engine::Sqlite, &[]);
    let mut times: Vec<f64> = (0..STARTS)
        .map(|_| {
            server.kill();
            server.run().as_secs_f64() * 1000.0
        })
        .collect();
    let goal = Goal::AtMost(300.0);
    report.figure("exec to ready on an existing database", (median(&mut times), "ms"), goal);
    report.figure("exec to ready, slowest of ten", (times[STARTS - 1], "ms"), Goal::None);

    let size = fs::metadata(env!("CARGO_BIN_EXE_shiming")).unwrap().len();
    let size = size as f64 / 1024.0 / 1024.0;
    report.figure("release binary", (size, "MiB"), Goal::None);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !root.join("frontend/dist/.vite/manifest.json").exists() {
        report.note("login page: the web client is not built");
        return;
    }
    let sizes = Command::new("node")
        .arg(root.join("frontend/scripts/check-size.mjs"))
        .arg("--json")
        .output()
        .unwrap();
    let sizes: Value = serde_json::from_slice(&sizes.stdout).unwrap();
    let login = sizes.as_array().unwrap().iter().find(|one| one["page"] == "login").unwrap();
    let kilobytes = login["bytes"].as_f64().unwrap() / 1000.0;
    report.figure("login page, JS and CSS, gzip", (kilobytes, "KB"), Goal::AtMost(60.0));
}
