use clap::{Args, ValueEnum};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::registry;
use crate::{schema, view};

/// Prints the JSON Schema of a state or of opsctl.toml, for an editor, or of a plan
///
/// It has every key, and every setting of every kind, with what is said of it: what to complete, and what is wrong where that can
/// be seen in one place. An editor that knows TOML takes it from a first line `#:schema PATH`.
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl schema > state.schema.json", "for states, with #:schema ../state.schema.json on top"),
        ("opsctl schema config > config.schema.json", "for opsctl.toml"),
        ("opsctl schema plan", "what a program can rely on that reads plans"),
    ],
    &[],
))]
pub(in crate::cli) struct Schema {
    /// Of what
    #[arg(value_enum, default_value_t = File::State)]
    file: File,
}

#[derive(Debug, Clone, Copy, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum File {
    /// states/NAME.toml
    State,
    /// opsctl.toml
    Config,
    /// What `opsctl plan --json` gives, and a plan file in it
    Plan,
}

impl Schema {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let catalogues: Vec<_> = registry::all_catalogues().collect();
        let schema = match self.file {
            File::State => schema::state(&catalogues),
            File::Config => schema::config(&catalogues),
            File::Plan => serde_json::from_str(schema::PLAN)?,
        };
        if output.json {
            output.result(&view::json::document("schema", &Document { file: self.file, schema })?);
        } else if let File::Plan = self.file {
            output.result(schema::PLAN);
        } else {
            output.result(&schema::lines(&schema));
        }
        Ok(Exit::Done)
    }
}

#[derive(serde::Serialize)]
struct Document {
    file: File,
    schema: serde_json::Value,
}
