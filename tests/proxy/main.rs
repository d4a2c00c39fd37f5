//! The proxy between an agent and a server, as either side and a dashboard see
//! it: the real `fanout mcp`, an agent and a server that the test plays, and
//! the socket's protocol spoken by the test.

mod agent;
mod clock;
mod dashboard;
mod endings;
mod governing;
mod lines;
#[path = "../support/living.rs"]
mod living;
mod meeting;
#[path = "../support/scale.rs"]
mod scale;
mod server;
mod stage;
mod steering;
mod transparent;
