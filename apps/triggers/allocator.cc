// The settings of jemalloc. It looks this name up in the program that it is linked to; without jemalloc nobody reads
// it. A large page or body takes more than 8 MiB while it is made. By its default jemalloc gives so much back to the
// system as soon as it is free, and the next one pays a page fault for each 4 KiB, beside requests of other tenants.
// Like any other memory, it is given back when it has not been used for some seconds.

// What jemalloc is told. It looks this name up in the program that it is linked to; without jemalloc nobody reads it.

// A large page or body takes more than 8 MiB while it is made. By its default jemalloc gives so much back to the system
// as soon as it is free, and the next one pays a page fault for each 4 KiB, beside requests of other tenants. Like any
// other memory, it is given back when it has not been used for some seconds.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "oversize_threshold:0";
}
