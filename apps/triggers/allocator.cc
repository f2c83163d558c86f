// The settings of jemalloc, which looks up this name in the program that it is linked to. Without jemalloc they have no
// effect.
//
// A large page or body takes more than 8 MiB while it is built. By default jemalloc returns such a block to the system
// as soon as it is free. The next one then pays a page fault for each 4 KiB, which delays other tenants. With this
// setting, a large block is returned like any other: when it has not been used for some seconds.

extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "oversize_threshold:0";
}
