//! Seals computed again: the chain from its first link, and every period that is closed now from its postings.

use tenancy::{Borough, DbError, Tx};

use super::{
    finding::{Difference, Finding, Place},
    store,
};
use crate::seals::{self, ChainEnd};

/// How many links are read at once.
const LINKS: i64 = 200;

/// How many seals there are, and what does not hold in them.
pub(super) async fn verify(tx: &mut Tx<Borough>, borough: &str) -> Result<(usize, Vec<Finding>), DbError> {
    let (mut end, mut count, mut findings) = (ChainEnd::NONE, 0, Vec::new());
    loop {
        let bodies = seals::links_after(tx, end, LINKS).await?;
        if bodies.is_empty() {
            break;
        }
        for body in bodies {
            count += 1;
            let mut said = body.faults().into_iter().map(str::to_owned).collect::<Vec<_>>();
            if !body.seal.follows(&end) {
                said.push(format!("it does not follow the seal at position {}", end.position));
            }
            if store::stands(tx, &body.seal).await? {
                match seals::tally(tx, body.seal.closed()).await? {
                    Ok(tally) => said.extend(body.compare(tally)),
                    Err(why) => said.push(why),
                }
            }
            end = body.seal.end();
            if said.is_empty() {
                continue;
            }
            let fund = store::fund(tx, body.seal.fund_id).await?;
            let which =
                format!("period {}, closing {}, position {}", body.seal.period, body.seal.closing, body.seal.position);
            let expected = format!("head {}", body.seal.head);
            let difference =
                Difference { year: Some(body.seal.year), check: "seal", which, expected, found: said.join("; ") };
            findings.push(Place { borough, fund: &fund }.finding(difference));
        }
    }
    for (fund, difference) in store::unsealed(tx).await? {
        findings.push(Place { borough, fund: &fund }.finding(difference));
    }
    Ok((count, findings))
}
