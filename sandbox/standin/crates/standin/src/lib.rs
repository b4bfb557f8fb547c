//! What every stand-in binary does: it runs the Go stand-in that is compiled into it under the binary's own name, as a
//! child, so that the service's process is the program that cargo has built.

use std::env;
use std::fs::File;
use std::io::Write;
use std::os::raw::{c_char, c_int, c_uint};
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::os::unix::process::CommandExt;
use std::process::{exit, Command};

static PROGRAM: &[u8] = include_bytes!("../program");

extern "C" {
    fn memfd_create(name: *const c_char, flags: c_uint) -> c_int;
}

/// Never returns; the process ends as the stand-in does.
pub fn run(name: &str) -> ! {
    let descriptor = unsafe { memfd_create(b"standin\0".as_ptr() as *const c_char, 0) };
    assert!(descriptor >= 0, "the kernel gives no memory file");
    let mut file = unsafe { File::from_raw_fd(descriptor) };
    file.write_all(PROGRAM).expect("no memory for the stand-in");
    let ended = Command::new(format!("/proc/self/fd/{}", file.as_raw_fd()))
        .arg0(name)
        .args(env::args_os().skip(1))
        .status()
        .expect("the stand-in does not start");
    exit(ended.code().unwrap_or(1))
}
