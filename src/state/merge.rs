use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opsctl_api::Address;

use super::{After, Need, Resource, State, Target};

impl State {
    /// Takes in what a later snapshot declares and sets beside this one: what only that one has, and the needs that came to be in between.
    /// A name is that of this one. What both set stays as it is here, and a need that would close a loop is left out.
    pub fn take_in(&mut self, later: State) {
        let known: BTreeMap<Address, String> =
            self.resources.iter().filter_map(|(name, resource)| Some((one(resource)?.clone(), name.clone()))).collect();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut declared: Vec<(String, Vec<Need>, Vec<After>)> = Vec::new();
        for (name, mut resource) in later.resources {
            let here = match &resource.declared.at {
                Target::One(at) => known.get(at).cloned(),
                at => self.resources.get(&name).filter(|known| known.declared.at == *at).map(|_| name.clone()),
            };
            let own = Arc::make_mut(&mut resource.declared);
            let (needs, after) = (std::mem::take(&mut own.needs), std::mem::take(&mut own.after));
            let here = match here {
                Some(here) => here,
                // Its name may stand for something else here.
                None => {
                    let is_taken = self.resources.contains_key(&name);
                    let free = if is_taken { resource.declared.at.to_string() } else { name.clone() };
                    let declared = Arc::clone(&resource.declared);
                    self.resources.insert(free.clone(), Resource { declared, wants: Default::default() });
                    free
                }
            };
            if let Some(known) = self.resources.get_mut(&here) {
                for (key, want) in resource.wants {
                    known.wants.or_insert_with(&key, || want);
                }
            }
            names.insert(name, here.clone());
            declared.push((here, needs, after));
        }
        for (name, needs, after) in declared {
            let named = |name: &String| names.get(name).cloned();
            for need in needs {
                self.need(&name, Need { any_of: need.any_of.iter().filter_map(named).collect(), ..need });
            }
            for after in after {
                if let Some(first) = named(&after.name) {
                    self.come_after(&name, After { name: first, ..after });
                }
            }
        }
    }

    fn need(&mut self, name: &str, need: Need) {
        let loops = need.any_of.iter().any(|needed| self.comes_after(needed, name));
        if let Some(resource) = self.resources.get_mut(name)
            && !loops
            && !need.any_of.is_empty()
            && !resource.declared.needs.iter().any(|known| known.any_of == need.any_of)
        {
            Arc::make_mut(&mut resource.declared).needs.push(need);
        }
    }

    fn come_after(&mut self, name: &str, after: After) {
        let loops = self.comes_after(&after.name, name);
        if let Some(resource) = self.resources.get_mut(name)
            && !loops
            && !resource.declared.after.iter().any(|known| known.name == after.name)
        {
            Arc::make_mut(&mut resource.declared).after.push(after);
        }
    }

    /// Whether a resource comes after another one, directly or through others, or is it.
    fn comes_after(&self, name: &str, other: &str) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![name]);
        while let Some(name) = open.pop() {
            if name == other {
                return true;
            }
            if let Some(resource) = self.resources.get(name).filter(|_| seen.insert(name)) {
                open.extend(resource.declared.needs.iter().flat_map(|need| &need.any_of).map(String::as_str));
                open.extend(resource.declared.after.iter().map(|after| after.name.as_str()));
            }
        }
        false
    }
}

fn one(resource: &Resource) -> Option<&Address> {
    match &resource.declared.at {
        Target::One(at) => Some(at),
        Target::Many { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Declared;

    fn state(resources: &[(&str, &str, &[&str])]) -> State {
        let mut state = State::default();
        for (name, at, needs) in resources {
            let declared = Declared {
                needs: needs.iter().map(|name| Need { any_of: vec![(*name).to_owned()], place: None }).collect(),
                ..Declared::alone(Target::One(format!("k8s:deployment/cdn/{at}").parse().unwrap()))
            };
            let resource = Resource { declared: declared.into(), wants: Default::default() };
            state.resources.insert((*name).to_owned(), resource);
        }
        state
    }

    fn needs(state: &State) -> Vec<String> {
        let of = |(name, resource): (&String, &Resource)| {
            let needs: Vec<String> = resource.declared.needs.iter().flat_map(|need| need.any_of.clone()).collect();
            format!("{name}: {}", needs.join(" "))
        };
        state.resources.iter().map(of).collect()
    }

    #[test]
    fn test_needs_that_came_to_be_since_count_and_names_are_those_of_before() {
        let mut before = state(&[("edge", "edge", &[]), ("origin", "origin", &[])]);
        before.take_in(state(&[
            ("origin", "cache", &[]),
            ("rim", "edge", &["source", "origin"]),
            ("source", "origin", &[]),
        ]));
        assert_eq!(needs(&before), ["edge: origin k8s:deployment/cdn/cache", "k8s:deployment/cdn/cache: ", "origin: "]);
    }

    #[test]
    fn test_what_needs_each_other_in_turn_does_so_as_before() {
        let mut before = state(&[("edge", "edge", &["origin"]), ("origin", "origin", &[])]);
        before.take_in(state(&[("edge", "edge", &[]), ("origin", "origin", &["edge"])]));
        assert_eq!(needs(&before), ["edge: origin", "origin: "]);
    }
}
