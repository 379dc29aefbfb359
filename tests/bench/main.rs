//! Load test: `make bench`.

fn main() {}
