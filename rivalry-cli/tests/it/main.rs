//! The command as a process: exit status, stdout and stderr.

mod bad_usage;
mod browser;
mod compare;
mod data;
mod diagnose;
mod generate;
mod help;
mod interrupt;
mod killed;
mod lab;
mod list;
mod process;
mod remedy;
mod snippet;
mod store;
mod streams;
mod sweep;
