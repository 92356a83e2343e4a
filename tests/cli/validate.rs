//! `dens validate`: predictions beside published values, misses included.

use super::{listing, outcome, scratch};

#[test]
fn shares_of_an_axial_load_are_compared_and_written() {
    let folder = scratch();
    let (code, out, err) = outcome(folder.path(), &["validate", "--only", "t5", "-o", "result"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Pal & Sherk 1988") && out.contains("anterior share"), "{out}");
    assert!(out.contains("predicted") && out.contains("published"), "{out}");
    assert!(!out.contains("validated"), "one row validates nothing");
    assert_eq!(listing(&folder.path().join("result")), ["validation.json"]);
    let text = std::fs::read_to_string(folder.path().join("result/validation.json")).expect("written");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["schema"], "dens-validation/1");
    let rows = json["tables"][0]["rows"].as_array().expect("rows");
    for row in rows {
        let [low, high] = [0, 1].map(|i| row["band"][i].as_f64().expect("a number"));
        let predicted = row["predicted"].as_f64().expect("a number");
        assert_eq!(row["inside"], low <= predicted && predicted <= high);
    }
}

#[test]
fn misses_are_told_and_do_not_change_the_exit_code() {
    let folder = scratch();
    let (code, out, err) = outcome(folder.path(), &["validate", "--only", "T1", "--json"]);
    assert_eq!(code, 0, "{err}");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let rows = json["tables"][0]["rows"].as_array().expect("rows");
    let with = |key: &str, value: &str| {
        rows.iter().filter(|r| r[key].as_str().is_some_and(|v| v.contains(value))).count()
    };
    assert_eq!(
        (rows.len(), with("role", "calibration")),
        (60, 12),
        "twelve rows of intact C0-C1 and C1-C2 were calibrated"
    );
    assert_eq!(with("quantity", "unstable"), 18);
    assert!(rows.iter().any(|r| r["inside"] == false), "the known misses are told");
}

#[test]
fn an_unknown_table_is_bad_input() {
    let folder = scratch();
    let (code, _, err) = outcome(folder.path(), &["validate", "--only", "T99"]);
    assert_eq!(code, 2);
    assert!(err.contains("there is no table `T99`") && err.contains("T1b"), "{err}");
}
