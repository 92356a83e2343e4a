//! The nine published patients on the command line.

use super::{listing, outcome, scratch};

#[test]
fn the_table_has_nine_rows_and_says_where_the_height_does_not_fit() {
    let folder = scratch();
    let (code, out, err) = outcome(folder.path(), &["cases", "--patients"]);
    assert_eq!(code, 0, "{err}");
    let rows: Vec<&str> = out.lines().filter(|l| l.starts_with("patient-")).collect();
    assert_eq!(rows.len(), 9, "{out}");
    for (i, row) in rows.iter().enumerate() {
        assert!(row.starts_with(&format!("patient-{}", i + 1)), "{row}");
        assert_eq!(row.contains("needs scale"), i + 1 == 5, "{row}");
    }
    assert!(out.contains("agreement is no validation"), "{out}");
    assert_eq!(listing(folder.path()), [""; 0], "listing writes nothing");
}

#[test]
fn a_patient_is_checked_and_written_like_any_case() {
    let folder = scratch();
    let (code, out, err) = outcome(folder.path(), &["check", "patient-2"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("patient-2: no problems"), "{out}");
    assert_eq!(outcome(folder.path(), &["new", "mine", "--from", "patient-2"]).0, 0);
    assert_eq!(outcome(folder.path(), &["check", "mine/case.toml"]).0, 0);
    let text = std::fs::read_to_string(folder.path().join("mine/case.toml")).expect("written");
    assert!(
        text.contains("name = \"patient-2\"") && text.contains("Wei et al. 2020, Table 1, row 2"),
        "{text}"
    );
}

#[test]
fn a_patient_of_no_row_is_refused() {
    let folder = scratch();
    assert_eq!(outcome(folder.path(), &["run", "patient-10"]).0, 2);
    assert_eq!(outcome(folder.path(), &["new", "mine", "--from", "patient-0"]).0, 2);
    assert_eq!(outcome(folder.path(), &["cases", "--run"]).0, 2, "--run belongs to --patients");
    assert_eq!(listing(folder.path()), [""; 0], "nothing is written");
}
