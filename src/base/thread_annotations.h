#pragma once

// The macros of clang's thread-safety analysis. The mutexes that carry them are in mutex.h.

/// What clang's thread-safety analysis reads (`-Wthread-safety`); nothing to other compilers. Names as in clang's
/// documentation: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html

#if defined(__clang__)
#define TRIGGERS_THREAD_ANNOTATION(text) __attribute__((text))
#else
#define TRIGGERS_THREAD_ANNOTATION(text)
#endif

#define CAPABILITY(name) TRIGGERS_THREAD_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY TRIGGERS_THREAD_ANNOTATION(scoped_lockable)

/// This member is read and written only with the mutex held. PT_GUARDED_BY: the same for the object it points to.
#define GUARDED_BY(mutex) TRIGGERS_THREAD_ANNOTATION(guarded_by(mutex))
#define PT_GUARDED_BY(mutex) TRIGGERS_THREAD_ANNOTATION(pt_guarded_by(mutex))
/// Lock order: this mutex is locked before the named one.
#define ACQUIRED_BEFORE(...) TRIGGERS_THREAD_ANNOTATION(acquired_before(__VA_ARGS__))

/// The caller of this function must hold the mutex.
#define REQUIRES(...) TRIGGERS_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))

#define ACQUIRE(...) TRIGGERS_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define ACQUIRE_SHARED(...) TRIGGERS_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) TRIGGERS_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define RELEASE(...) TRIGGERS_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define RELEASE_SHARED(...) TRIGGERS_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) TRIGGERS_THREAD_ANNOTATION(release_generic_capability(__VA_ARGS__))

/// For a function whose locking the analysis cannot follow. Say why beside it.
#define NO_THREAD_SAFETY_ANALYSIS TRIGGERS_THREAD_ANNOTATION(no_thread_safety_analysis)
