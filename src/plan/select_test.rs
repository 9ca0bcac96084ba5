//! What `--target` and `--exclude` take out.

use opsctl_api::Pattern;

use super::make_test::{Asked, WORLD, instances, is, state, steps};
use super::*;
use crate::diagnostic::Code;

#[test]
fn test_targets_bring_what_they_need_and_exclusions_what_grows_on_them() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(2))], &[]),
        ("far", "b:service/far", &[("replicas", is(3))], &["origin"]),
        ("west", "a:record/live/west", &[("weight", is(7))], &["far"]),
        ("east", "a:record/live/east", &[("weight", is(120))], &[]),
    ]);
    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.part.target = vec![Pattern::new("far")];
    let plan = asked.make(&instances(WORLD)).unwrap();
    assert_eq!(steps(&plan), ["1 +service/origin replicas", "2 +service/far replicas"]);

    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.part.exclude = vec![Pattern::new("a:service/or*")];
    assert_eq!(steps(&asked.make(&instances(WORLD)).unwrap()), ["1 +record/live/east weight"]);

    let mut asked = Asked::new(&wanted);
    asked.change = |request| request.part.target = vec![Pattern::new("frontend")];
    assert_eq!(asked.make(&instances(WORLD)).unwrap_err().problems[0].code, Code::PatternWithoutMatch);
}

#[test]
fn test_what_is_targeted_and_excluded_is_a_mistake_unless_something_of_it_is_left() {
    let wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(2))], &[]),
        ("far", "b:service/far", &[("replicas", is(3))], &["origin"]),
    ]);
    let asked = |change: fn(&mut Request<'_>)| Asked { change, ..Asked::new(&wanted) }.make(&instances(WORLD));
    let all_of_it: [fn(&mut Request<'_>); 3] = [
        |request| (request.part.target, request.part.exclude) = (patterns(&["far"]), patterns(&["far"])),
        |request| (request.part.target, request.part.exclude) = (patterns(&["*"]), patterns(&["far", "a:*"])),
        |request| (request.part.target, request.part.exclude) = (patterns(&["origin", "far"]), patterns(&["b:*"])),
    ];
    for change in all_of_it {
        let problems = asked(change).unwrap_err().problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].code, Code::PatternWithoutMatch);
        assert!(problems[0].why.contains("--exclude leaves all of it out"), "{problems:?}");
    }
    let some = asked(|request| (request.part.target, request.part.exclude) = (patterns(&["*"]), patterns(&["far"])));
    assert_eq!(steps(&some.unwrap()), ["1 +service/origin replicas"]);
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(*text)).collect()
}
