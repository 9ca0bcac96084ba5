use serde_json::json;

use crate::platform::Platform;

const CHECKED: &str = r#"
extends = "busy"
[check.enough]
at = "edge"
setting = "replicas"
is = { at_least = 3 }
gates = ["*"]
"#;

#[test]
fn test_a_check_before_anything_stops_it() {
    let platform = Platform::new();
    platform.state("checked", CHECKED);
    let said = platform.ops.ends(9, &["apply", "checked", "-y"]);
    assert!(said.err.contains("enough"), "{said}");
    platform.is(&[("settings", "data.mode", json!("normal")), ("origin", "replicas", json!(1))]);
    platform.edit("edge", "replicas", 3);
    platform.ops.done(&["apply", "checked", "-y"]);
    platform.is(&[("edge", "replicas", json!(5))]);
}
