//! What ECS's launch type FARGATE asks of a task's size.

/// A CPU size with the memory sizes that go with it: from, to, in steps of; MiB.
const SIZES: [(u32, u32, u32, u32); 7] = [
    // Less 1536, see below.
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

/// Whether ECS has this size: CPU units and MiB of the whole task.
pub fn has_size(cpu: u32, memory: u32) -> bool {
    let fits = |&(units, from, to, step): &(u32, u32, u32, u32)| {
        units == cpu
            && (from..=to).contains(&memory)
            && memory.is_multiple_of(step)
            && (units, memory) != (256, 1536)
    };
    SIZES.iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::has_size;

    #[test]
    fn only_the_sizes_of_ecs_are_there() {
        let sizes = [
            (256, 512),
            (256, 2048),
            (512, 1024),
            (512, 3072),
            (1024, 8192),
            (2048, 16_384),
            (4096, 30_720),
            (8192, 20_480),
            (16_384, 122_880),
        ];
        for (cpu, memory) in sizes {
            assert!(has_size(cpu, memory), "{cpu} {memory}");
        }
        let others = [
            (256, 1536),
            (256, 4096),
            (256, 0),
            (512, 512),
            (1024, 2560),
            (4096, 31_744),
            (8192, 17_408),
            (16_384, 16_384),
            (128, 512),
            (300, 1024),
        ];
        for (cpu, memory) in others {
            assert!(!has_size(cpu, memory), "{cpu} {memory}");
        }
    }
}
