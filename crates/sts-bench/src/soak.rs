//! Isolation under load: very many exchanges of very many client tokens, and whether each answer is that token's.
//!
//! The same users in two tenants, for two control clients, through two brokers, in two sessions each, with two scopes: whatever
//! part of the cache's key were missing, two of these would meet. The cache is too small for all of them, so that hits,
//! misses and evictions mix; connections ask in an order in which some come often and most seldom. With the client token's hash taken
//! out of the key it ended with a wrong answer within 20,000 exchanges.

use crate::{
    authority::Authority,
    child::{Child, Estate},
    load::{Failure, Load},
    peers,
    tokens::{
        BROKER, CLIENT, Holder, OTHER_BROKER, OTHER_CLIENT, OTHER_SCOPE, OTHER_TENANT, Request, SCOPE,
        TENANT, Tokens,
    },
};
use std::time::Instant;

const USERS: usize = 500;
const CONNECTIONS: usize = 64;

/// Everybody whose tokens could be mistaken for each other's.
pub(crate) fn holders() -> Vec<Holder> {
    let mut holders = Vec::new();
    for user in 0..USERS {
        for tenant in [TENANT, OTHER_TENANT] {
            for client in [CLIENT, OTHER_CLIENT] {
                for broker in [BROKER, OTHER_BROKER] {
                    for session in 0..2 {
                        holders.push(Holder { tenant, client, broker, user, session });
                    }
                }
            }
        }
    }
    holders
}

/// Sends so many exchanges and prints what came of them; ends with the first answer that is wrong.
pub(crate) async fn soak(
    count: usize,
    tokens: &Tokens,
    authority: &Authority,
    estate: &Estate<'_>,
) -> Result<(), Failure> {
    let server = Child::start(&peers::SMALL, estate)?;
    let everybody = usize::MAX;
    let mut requests: Vec<Request> = tokens.requests(everybody, SCOPE);
    requests.extend(tokens.requests(everybody, OTHER_SCOPE));
    let questions = requests.len();
    let started = Instant::now();
    let load = Load::new(server.address(), requests, CONNECTIONS).shuffled();
    let measured = load.first(count).await?;
    println!(
        "{} exchanges over {CONNECTIONS} connections in {} s, none refused and none wrong: aud, tid, oid, azp, uti and scope of each \
         backend token are those of the client token and request that earned it. {questions} different questions of {USERS} users \
         (2 tenants, 2 control clients, 2 brokers, 2 sessions, 2 scopes each); the identity provider was asked {} times. p50 {:.2} ms, \
         p99.9 {:.2} ms.",
        measured.answers(),
        started.elapsed().as_secs(),
        authority.asked(),
        measured.percentile(0.5),
        measured.percentile(0.999),
    );
    Ok(())
}
