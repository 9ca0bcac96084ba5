use serde_json::Value as Json;

use super::is_there;
use super::live::Live;
use super::order::Order;
use crate::course::Course;
use crate::harness::Repository;

/// A procedure: a way to a state and back, in an operations repository of which live is as its baseline says.
pub(super) struct Procedure<'a> {
    ops: &'a Repository,
    before: Live,
}

impl<'a> Procedure<'a> {
    #[track_caller]
    pub(super) fn of(ops: &'a Repository) -> Self {
        is_there(ops, "baseline");
        Self { ops, before: Live::of(ops) }
    }

    /// There. These (addresses, actions, checks that stand between) are planned and done one after the other, and nothing is begun
    /// before what the plan has it come after; then there is nothing left to do.
    #[track_caller]
    pub(super) fn there(&self, state: &str, way: &[&str]) -> Course {
        Order::of(self.ops, state).one_by_one(way);
        let said = self.ops.json(&["plan", state])["plan"]["way_back"]["steps"].as_u64().unwrap();
        let course = self.does(&["apply", state, "-y"], way);
        if said > 0 {
            assert_eq!(self.way_back(), said, "the way back has other steps than was said");
        }
        is_there(self.ops, state);
        course
    }

    /// And back, by the state that all others are left for.
    #[track_caller]
    pub(super) fn back(&self, way: &[&str]) -> Course {
        let course = self.there("baseline", way);
        self.is_as_before();
        course
    }

    /// In how many steps it would be taken back.
    fn way_back(&self) -> u64 {
        let page = self.ops.opsctl(&["rollback", "--json"]).out;
        let page: Json = serde_json::from_str(page.lines().next().unwrap()).unwrap();
        let steps = page["plan"]["steps"].as_array().unwrap();
        steps.iter().filter(|step| step["work"]["change"].is_object()).count() as u64
    }

    /// Or back by what the history tells.
    #[track_caller]
    pub(super) fn taken_back(&self, way: &[&str]) -> Course {
        let course = self.does(&["rollback", "-y"], way);
        self.is_as_before();
        course
    }

    /// All that is live is as it was before the procedure.
    #[track_caller]
    pub(super) fn is_as_before(&self) {
        self.before.is_again(self.ops);
    }

    #[track_caller]
    fn does(&self, arguments: &[&str], way: &[&str]) -> Course {
        let course = self.ops.start(arguments).ends(0);
        course.in_order();
        course.one_by_one(way);
        self.ops.done(&["status"]);
        course
    }
}
