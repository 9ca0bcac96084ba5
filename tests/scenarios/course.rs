use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

/// What an apply was going to do, and what it said while it did it.
#[derive(Default)]
pub(crate) struct Course {
    /// As planned; empty where the command says no plan.
    steps: Vec<Json>,
    events: Vec<Json>,
}

impl Course {
    /// Takes in a line of `--json`.
    pub(crate) fn take(&mut self, said: Json) {
        match &said["plan"]["steps"] {
            Json::Array(steps) => self.steps.clone_from(steps),
            _ => self.events.push(said),
        }
    }

    /// The resource that an event is about.
    pub(crate) fn at_of(&self, event: &Json) -> Option<&str> {
        self.at(index(&event["step"])?)
    }

    fn at(&self, step: usize) -> Option<&str> {
        let work = &self.steps.get(step)?["work"];
        ["change", "wait"].iter().find_map(|what| work[what]["at"].as_str())
    }

    /// What an event is about: a resource, an action, or a check that stands between.
    fn name_of<'a>(&'a self, event: &'a Json) -> Option<&'a str> {
        let of_step = |step: usize| {
            let work = &self.steps.get(step)?["work"];
            ["action", "check"].iter().find_map(|what| work[what]["name"].as_str()).or_else(|| self.at(step))
        };
        index(&event["step"]).map_or_else(|| event["check"].as_str(), of_step)
    }

    /// The resources that were written, in the order of the first write of each.
    pub(crate) fn written(&self) -> Vec<&str> {
        let mut written = Vec::new();
        for event in self.of("sent") {
            let at = self.at_of(event).unwrap();
            if !written.contains(&at) {
                written.push(at);
            }
        }
        written
    }

    /// How each resource ended that was begun.
    pub(crate) fn ended(&self) -> BTreeMap<&str, &str> {
        self.of("ended").filter_map(|event| Some((self.at_of(event)?, event["status"].as_str()?))).collect()
    }

    /// The record of the operation.
    pub(crate) fn operation(&self) -> &Json {
        &self.of("finished").next().unwrap_or_else(|| panic!("it has no end\n{self}"))["operation"]
    }

    /// How an operation of this kind ended.
    pub(crate) fn operation_ended(&self, kind: &str) -> &str {
        let operation =
            self.of("finished").map(|event| &event["operation"]).find(|operation| operation["kind"] == kind);
        operation.and_then(|operation| operation["outcome"].as_str()).unwrap_or("never")
    }

    /// Requires that each of these (addresses, actions, checks that stand between) was done before the next one was begun.
    #[track_caller]
    pub(crate) fn one_by_one(&self, names: &[&str]) {
        for pair in names.windows(2) {
            let done = self.place("ended", pair[0], |event| event["status"] == "done");
            let begun = ["sent", "calling", "measured"]
                .iter()
                .filter_map(|name| self.find(name, pair[1], |_| true))
                .min()
                .unwrap_or_else(|| panic!("{} was never begun\n{self}", pair[1]));
            assert!(done < begun, "{} began before {} was done\n{self}", pair[1], pair[0]);
        }
    }

    /// Requires that each of these had settled before the next one did.
    pub(crate) fn ended_in_turn(&self, addresses: &[&str]) {
        let ended = |at| self.place("ended", at, |event| event["status"] == "done");
        assert!(addresses.is_sorted_by_key(|at| ended(at)), "{addresses:?}\n{self}");
    }

    /// Requires that no step began before all that it comes after had settled, by the plan's own edges; where enough is enough, that is not asked.
    pub(crate) fn in_order(&self) {
        let mut done = vec![false; self.steps.len()];
        for event in &self.events {
            let Some(step) = index(&event["step"]) else { continue };
            if event["event"] == "ended" {
                done[step] = event["status"] == "done";
            } else if event["event"] == "sent" && event["hop"] == 0 || event["event"] == "calling" {
                let open = self.open(step, &done);
                assert!(open.is_none(), "step {step} began before step {open:?} had settled\n{self}");
            }
        }
    }

    /// What a step comes after and that is not done; a joint passes on what it comes after.
    fn open(&self, step: usize, done: &[bool]) -> Option<usize> {
        let earlier = self.steps[step]["after"].as_array().into_iter().flatten();
        let earlier = earlier.filter(|edge| edge["enough"] != true);
        earlier.filter_map(|edge| index(&edge["step"])).find_map(|earlier| {
            match self.steps[earlier]["work"].get("joint") {
                Some(_) => self.open(earlier, done),
                None => (!done[earlier]).then_some(earlier),
            }
        })
    }

    fn of(&self, name: &str) -> impl Iterator<Item = &Json> {
        self.events.iter().filter(move |event| event["event"] == name)
    }

    #[track_caller]
    fn place(&self, name: &str, what: &str, is_it: impl Fn(&Json) -> bool) -> usize {
        self.find(name, what, is_it).unwrap_or_else(|| panic!("{what} was never {name}\n{self}"))
    }

    fn find(&self, name: &str, what: &str, is_it: impl Fn(&Json) -> bool) -> Option<usize> {
        let is_it = |event: &Json| event["event"] == name && self.name_of(event) == Some(what) && is_it(event);
        self.events.iter().position(is_it)
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, step) in self.steps.iter().enumerate() {
            let after = step["after"].as_array().into_iter().flatten().map(|edge| edge["step"].to_string());
            let after: Vec<String> = after.collect();
            writeln!(f, "step {id} {} after {}", self.at(id).unwrap_or("-"), after.join(" "))?;
        }
        self.events.iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}

fn index(step: &Json) -> Option<usize> {
    usize::try_from(step.as_u64()?).ok()
}
