pub const GREETING: &str = "Hello";
