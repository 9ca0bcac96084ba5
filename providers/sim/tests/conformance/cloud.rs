use opsctl_api::testkit::Example;
use opsctl_api::{
    Batch, Catalogue, Change, Config, Confines, Edit, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value,
};

use crate::own::{integer, secret, switch, text};
use crate::world::{Emulation, Fresh};

/// A catalogue of somebody else, with manners that `sim`'s own has not: a setting that two calls change, a count that only
/// grows, secrets by key, names of its own for the bounds.
pub(crate) struct Cloud;

const COUNT: Type = Type::Integer { min: 0, max: 500 };
const PATH: &[Segment] = &[Segment::One("ZONE"), Segment::One("NAME"), Segment::Optional("SET")];

const GOVERNOR: Kind = Kind {
    name: "governor",
    doc: "Bounds a machine's count.",
    path: PATH,
    settings: &[
        Setting::new("highest", COUNT, "The most.").capacity(),
        Setting::new("lowest", COUNT, "The least.").capacity(),
    ],
    confines: Some(Confines { floor: "lowest", ceiling: "highest", of: &[("machine", "count")] }),
    rate: None,
};

const MACHINE: Kind = Kind {
    name: "machine",
    doc: "Something with members.",
    path: PATH,
    settings: &[
        Setting::new("class", Type::OneOf(&["small", "large", "none"]), "Its size; changed by way of none."),
        Setting::new("count", COUNT, "How many members.").capacity(),
        Setting::new("env", Type::Secret, "One variable.").keyed("VAR"),
        Setting::new("parts", COUNT, "How many parts; they only become more.").capacity().one_way(),
        Setting::new("paused", Type::Bool, "Whether it rests.").power_inverted(),
    ],
    confines: None,
    rate: None,
};

impl Catalogue for Cloud {
    fn provider(&self) -> &'static str {
        "cloud"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[GOVERNOR, MACHINE]
    }

    fn hops(&self, change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
        let none = Some(Value::String("none".to_owned()));
        let mut hops = change.in_one_hop();
        let class = change.edits.iter().find(|edit| edit.setting == "class" && edit.from != none && edit.to != none);
        if let Some(class) = class {
            let stop = Edit { to: none.clone(), ..class.clone() };
            hops[0].edits.iter_mut().filter(|edit| edit.setting == "class").for_each(|edit| edit.from = none.clone());
            hops.insert(0, Hop { at: change.at.clone(), edits: vec![stop], coupled: Vec::new() });
        }
        Ok(hops)
    }

    fn batch(&self, hop: &Hop) -> Option<Batch> {
        Some(Batch { key: format!("{} {}", hop.at.kind(), hop.at.segments().next().unwrap_or_default()), most: 10 })
    }

    fn by_hand(&self, hop: &Hop, _config: &Config) -> String {
        format!("cloud edit {}", hop.at.local())
    }
}

/// What `sim` makes of it.
pub(crate) struct Emulated;

impl Emulation for Emulated {
    fn catalogue(&self) -> &'static dyn Catalogue {
        &Cloud
    }

    fn fresh(&self, kind: &str, nth: usize) -> Fresh {
        let path = if nth.is_multiple_of(2) { format!("east/{nth}") } else { format!("east/{nth}/set") };
        if kind == "governor" {
            let settings = format!("lowest = 1\nhighest = 4\nconfines = [\"sim:machine/west/{nth}\"]");
            let beside = format!("at = \"sim:machine/west/{nth}\"\ncount = 9");
            return Fresh { path, settings, beside };
        }
        let settings = "class = \"small\"\ncount = 4\nparts = 2\npaused = false\nenv.HOME = { plain = \"swordfish\" }";
        Fresh { path, settings: settings.to_owned(), beside: String::new() }
    }

    fn examples(&self, kind: &str) -> Vec<Example> {
        if kind == "governor" {
            return vec![integer("highest", 3), integer("highest", 9), integer("lowest", 0), integer("lowest", 2)];
        }
        vec![
            text("class", "large"),
            text("class", "none"),
            integer("count", 0),
            integer("count", 9),
            secret("env.HOME", "open-sesame"),
            secret("env.OTHER", "abracadabra"),
            Example::absent("env.HOME"),
            integer("parts", 3),
            switch("paused", true),
        ]
    }

    fn illegal(&self, kind: &str) -> Vec<Example> {
        if kind == "governor" { vec![integer("lowest", 5)] } else { vec![text("class", "large"), integer("parts", 1)] }
    }
}
