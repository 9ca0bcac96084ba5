//! Which classes an engine has in a region.

use std::collections::BTreeSet;

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbInstance, OrderableDbInstanceOption};

use opsctl_api::Preflight;

use crate::call::{Failed, all_pages, call};
use crate::kinds::Told;
use crate::preflight::{not_there, unread};
use crate::provider::Site;

/// DescribeOrderableDBInstanceOptions gives up to 100 a page
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html>), one for each sort of storage.
const PAGE: i32 = 100;
/// How many are told of those that there are.
const TOLD: usize = 12;

/// What can be ordered is asked for by these.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    engine: String,
    version: String,
    class: String,
}

impl Order {
    /// Another class of an instance; `None` where nothing tells its engine.
    pub(super) fn of(found: &DbInstance, class: &str) -> Option<Self> {
        let (engine, version) = (found.engine()?.to_owned(), found.engine_version()?.to_owned());
        Some(Self { engine, version, class: class.to_owned() })
    }
}

pub(super) async fn told(client: &Client, site: Site<'_>, order: &Order) -> Told {
    let Order { engine, version, class } = order;
    let what = format!("class {class} for {engine} {version} in {}", site.client.options().region);
    let ask = client.describe_orderable_db_instance_options().engine(engine).engine_version(version);
    let asked = ask.db_instance_class(class).max_records(PAGE).send();
    match call(site.cx, "rds:DescribeOrderableDBInstanceOptions", asked).await {
        Ok(found) if !found.orderable_db_instance_options().is_empty() => None,
        Ok(_) => match others(client, site, order).await {
            // What can be ordered anew says nothing of an instance whose version is offered no more.
            Ok(others) if others.is_empty() => Some(Preflight::CannotTell(format!(
                "whether there is a {what} is not known: AWS offers no class for that version any more"
            ))),
            Ok(others) => not_there(format!("no {what}{others}")),
            Err(failed) => unread(&format!("a {what}"), failed),
        },
        Err(failed) => unread(&format!("a {what}"), failed),
    }
}

/// The sizes of the same family; where it has none, the families.
async fn others(client: &Client, site: Site<'_>, order: &Order) -> Result<String, Failed> {
    let all = all_pages(async |next| {
        let ask = client.describe_orderable_db_instance_options().engine(&order.engine).engine_version(&order.version);
        let asked = ask.max_records(PAGE).set_marker(next).send();
        let page = call(site.cx, "rds:DescribeOrderableDBInstanceOptions", asked).await?;
        let options = page.orderable_db_instance_options.unwrap_or_default().into_iter();
        Ok((options.filter_map(|option: OrderableDbInstanceOption| option.db_instance_class), page.marker))
    });
    let all: BTreeSet<String> = all.await?.into_iter().collect();
    let family =
        |class: &str| class.rsplit_once('.').map_or_else(|| class.to_owned(), |(family, _)| format!("{family}.*"));
    let own = family(&order.class);
    let mut near: BTreeSet<String> = all.iter().filter(|class| family(class) == own).cloned().collect();
    if near.is_empty() {
        near = all.iter().map(|class| family(class)).collect();
    }
    let near: Vec<&str> = near.iter().take(TOLD).map(String::as_str).collect();
    Ok(if near.is_empty() { String::new() } else { format!("; there are {}", near.join(", ")) })
}
