//! Memory on huge pages, where Linux has them.
//!
//! Work that reads all over many megabytes, as Argon2 does, loses time looking
//! addresses up: one page of 2 MiB takes one look where 512 of 4 KiB take one
//! each. This is the only code of the workspace that is not checked by the
//! compiler, and apart so that all the rest can forbid itself the same.

/// A vector of `len` times `value`, on huge pages if the system has any to
/// give. Otherwise (another system, or `never` in
/// `/sys/kernel/mm/transparent_hugepage/enabled`) it is like any other.
pub fn filled<T: Clone>(len: usize, value: T) -> Vec<T> {
    let mut memory = Vec::with_capacity(len);
    // Before the memory is touched, for then its pages are chosen.
    #[cfg(target_os = "linux")]
    advise(memory.spare_capacity_mut());
    memory.resize(len, value);
    memory
}

/// Asks for huge pages for the whole pages within `memory`.
#[cfg(target_os = "linux")]
fn advise<T>(memory: &mut [T]) {
    use rustix::{
        mm::{Advice, madvise},
        param::page_size,
    };

    let bytes = size_of_val(memory);
    let start = memory.as_mut_ptr().cast::<u8>();
    let before = start.align_offset(page_size());
    let Some(whole) = bytes.checked_sub(before).map(|rest| rest - rest % page_size()) else {
        return;
    };
    if whole == 0 {
        return;
    }
    #[expect(unsafe_code, reason = "madvise takes an address")]
    // A system without huge pages says that the advice is invalid: none then.
    // SAFETY: the range lies within `memory`, which is borrowed for us alone,
    // and this advice chooses the size of its pages, not what is in them.
    let _ = unsafe { madvise(start.wrapping_add(before).cast(), whole, Advice::LinuxHugepage) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_small_for_a_page_is_filled_all_the_same() {
        assert_eq!(filled(3, 7_u8), [7; 3]);
        assert_eq!(filled(0, 7_u64), []);
        assert_eq!(filled(2000, 7_u64), [7; 2000]);
    }

    /// `hg` among the flags of a mapping: huge pages are wanted (proc(5)).
    #[cfg(target_os = "linux")]
    #[test]
    fn huge_pages_are_asked_for() {
        let has_any = std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists();
        let memory = filled(4 << 20, 7_u64);
        assert!(memory.iter().all(|one| *one == 7));
        let middle = memory.as_ptr() as usize + (16 << 20);
        let mappings = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut within = false;
        let flags = mappings.lines().find_map(|line| {
            if let Some((from, to)) = line.split(' ').next().and_then(|range| range.split_once('-'))
            {
                let address = |text| usize::from_str_radix(text, 16).unwrap();
                within = (address(from)..address(to)).contains(&middle);
            }
            line.strip_prefix("VmFlags:").filter(|_| within)
        });
        assert_eq!(flags.unwrap().split_whitespace().any(|flag| flag == "hg"), has_any);
    }
}
