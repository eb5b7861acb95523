//! The program of a task's pause container: it does nothing, so that the namespaces it was started in stay, until a
//! signal asks it to end. As process 1 of a shared PID namespace it reaps whatever ends there.
//!
//! Built by `build.rs` for the engine's Linux, without a C library, and carried inside the daemon. That is why it is
//! `unsafe`: there is nobody below it but the kernel, and system calls and its own start can be written no other way.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};

// The kernel gives process and thread their start here; the stack is aligned as calls want it.
#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {main}", "ud2", main = sym main);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, #0", "bl {main}", "brk #1", main = sym main);

#[cfg(target_arch = "x86_64")]
mod number {
    pub const SIGPROCMASK: usize = 14;
    pub const WAIT: usize = 61;
    pub const SIGTIMEDWAIT: usize = 128;
    pub const EXIT: usize = 231;
}
#[cfg(target_arch = "aarch64")]
mod number {
    pub const SIGPROCMASK: usize = 135;
    pub const WAIT: usize = 260;
    pub const SIGTIMEDWAIT: usize = 137;
    pub const EXIT: usize = 94;
}

const SIGINT: usize = 2;
const SIGTERM: usize = 15;
const SIGCHLD: usize = 17;
const WAIT_NOT: usize = 1;

fn call(number: usize, arguments: [usize; 4]) -> isize {
    let [a, b, c, d] = arguments;
    let result: isize;
    // SAFETY: each caller passes what its system call takes; the kernel changes only the registers named here.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result, in("rdi") a, in("rsi") b, in("rdx") c,
            in("r10") d, lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a as isize => result, in("x1") b, in("x2") c, in("x3") d,
            options(nostack));
    }
    result
}

extern "C" fn main() -> ! {
    let awaited: u64 = [SIGINT, SIGTERM, SIGCHLD].iter().fold(0, |set, signal| set | 1 << (signal - 1));
    let set = &raw const awaited as usize;
    // Blocked signals wait to be taken below, which holds for process 1, too, to which others are not delivered.
    call(number::SIGPROCMASK, [0, set, 0, 8]);
    loop {
        match call(number::SIGTIMEDWAIT, [set, 0, 0, 8]) as usize {
            SIGINT | SIGTERM => {
                call(number::EXIT, [0; 4]);
            }
            SIGCHLD => while call(number::WAIT, [usize::MAX, 0, WAIT_NOT, 0]) > 0 {},
            // A stop and a continue interrupt the wait.
            _ => {}
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {
        call(number::EXIT, [1, 0, 0, 0]);
    }
}
