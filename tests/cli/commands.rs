//! `dens new`, `dens check`, `dens cases`, help.

use super::{listing, outcome, scratch};

#[test]
fn the_written_case_is_sound_and_is_not_overwritten() {
    let folder = scratch();
    let (code, out, _) = outcome(folder.path(), &["new", "mine"]);
    assert_eq!(code, 0);
    assert!(out.contains("dens run mine/case.toml"), "{out}");
    assert_eq!(outcome(folder.path(), &["check", "mine/case.toml"]).0, 0);
    let (code, _, err) = outcome(folder.path(), &["new", "mine"]);
    assert_eq!(code, 2);
    assert!(err.contains("exists already"), "{err}");
}

#[test]
fn every_embedded_case_passes_its_own_check() {
    let folder = scratch();
    let (_, names, _) = outcome(folder.path(), &["cases"]);
    let mut n = 0;
    for name in names.lines().filter_map(|l| l.split_whitespace().next()) {
        let (code, _, err) = outcome(folder.path(), &["check", name]);
        assert_eq!(code, 0, "{name}: {err}");
        n += 1;
    }
    assert!(n >= 2, "the default and the trial case are listed");
}

#[test]
fn all_problems_of_a_case_are_reported_at_once_with_place_and_hint() {
    let folder = scratch();
    outcome(folder.path(), &["new", "mine"]);
    let path = folder.path().join("mine/case.toml");
    let text = std::fs::read_to_string(&path).expect("written");
    let text = text
        .replace("height_step = \"1 mm\"", "height_stp = \"1 mm\"")
        .replace("cortical_modulus = \"12 GPa\"", "cortical_modulus = \"12 kg\"")
        .replace("friction = 0.6", "friction = -0.6")
        .replace("cell = \"diamond\"", "cell = \"diamnd\"");
    std::fs::write(&path, text).expect("writable");
    let (code, _, err) = outcome(folder.path(), &["check", "mine/case.toml"]);
    assert_eq!(code, 2);
    for expected in [
        "`implant.height_step` is missing",
        "unknown entry `height_stp` in `[implant]`",
        "did you mean `height_step`?",
        "`bone.cortical_modulus`",
        "`contact.friction`",
        "did you mean `diamond`?",
        "mine/case.toml:",
        "^^^",
    ] {
        assert!(err.contains(expected), "missing {expected:?} in:\n{err}");
    }
}

#[test]
fn a_number_without_source_is_a_problem() {
    let folder = scratch();
    outcome(folder.path(), &["new", "mine"]);
    let path = folder.path().join("mine/case.toml");
    let text = std::fs::read_to_string(&path).expect("written");
    let kept: Vec<&str> = text.lines().filter(|l| !l.contains("friction: recalled")).collect();
    std::fs::write(&path, kept.join("\n")).expect("writable");
    let (code, _, err) = outcome(folder.path(), &["check", "mine/case.toml"]);
    assert_eq!(code, 2);
    assert!(err.contains("`[contact]` holds numbers but no `source`"), "{err}");
}

#[test]
fn an_override_is_checked_like_the_file() {
    let folder = scratch();
    assert_eq!(outcome(folder.path(), &["check", "tiny", "--set", "implant.height=29 mm"]).0, 0);
    let (code, _, err) = outcome(folder.path(), &["check", "tiny", "--set", "implant.heigth=29 mm"]);
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `implant.height`?"), "{err}");
    let (code, _, err) = outcome(folder.path(), &["check", "tiny", "--set", "implant.height=29 N"]);
    assert_eq!(code, 2);
    assert!(err.contains("implant.height"), "{err}");
}

#[test]
fn help_explains_that_exit_one_is_no_crash() {
    let folder = scratch();
    let (code, out, _) = outcome(folder.path(), &["--help"]);
    assert_eq!(code, 0);
    assert!(out.contains("1 computed, a criterion failed (not a crash)"), "{out}");
}

#[test]
fn verify_compares_with_published_values_and_writes_its_appendix() {
    let folder = scratch();
    let (code, out, _) =
        outcome(folder.path(), &["verify", "--only", "KIRSCH", "--only", "laminate", "--json", "--report"]);
    assert_eq!(code, 0, "{out}");
    let value: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!(value["checks"].as_array().map(Vec::len), Some(2));
    assert_eq!(value["checks"][0]["rows"][0]["target"], 3.0);
    assert_eq!(listing(&folder.path().join("out/verification")), ["verification.json", "verification.pdf"]);
    let (code, _, error) = outcome(folder.path(), &["verify", "--only", "KIRSH"]);
    assert!(code == 2 && error.contains("KIRSCH"), "{error}");
}
