/* hpm.c: what front/stamp.py answers, for who need not wait until Python has started.

   'hpm front install' puts a few definitions before this file (hpmtasks/session/compiled_front.py
   says which) and lets a C compiler make a program of it. It says that there is nothing to do if
   everything is as the stamp has it. Whatever else it is asked, and whatever it is not sure of, is
   for the hpm that it was made for: with the same words, in the same folder, in its own place.

   It allocates nothing, writes nothing but one sentence, and reads the stamp as stamp.py does:
   the number of packages, the form, the environment, then a stat and a path for each thing that
   was looked at, and a word at the end, parted by NUL. */

#define _XOPEN_SOURCE 700
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __APPLE__
#define NANOSECONDS(found, which) ((found)->st_##which##timespec)
#else
#define NANOSECONDS(found, which) ((found)->st_##which##tim)
#endif

const char mark[] = MARK; /* by this the program is known */
static const char *const program[] = {PROGRAM}, *const made_for[] = {MADE_FOR};
static const char *const variables[] = {VARIABLES}, *const commands[] = {COMMANDS}, *const harmless[] = {HARMLESS};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What is larger than these is for Python. */
static char stamp[4 << 20], expected[256 << 10], *end = expected;

enum answer { NO, YES, UNSURE };

static int is_one_of(const char *word, const char *const words[], size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0) return 1;
    return 0;
}

/* stamp.look: size, mtime, inode, ctime and, if asked for, mode. */
static void describe(char *into, const struct stat *found, int with_mode) {
    long long mtime = NANOSECONDS(found, m).tv_sec * 1000000000LL + NANOSECONDS(found, m).tv_nsec;
    long long ctime = NANOSECONDS(found, c).tv_sec * 1000000000LL + NANOSECONDS(found, c).tv_nsec;
    into += sprintf(into, "%lld %lld %llu %lld", (long long)found->st_size, mtime,
                    (unsigned long long)found->st_ino, ctime);
    if (with_mode) sprintf(into, " %lu", (unsigned long)found->st_mode);
}

static int is_as_it_was(const char *path, const char *then) {
    struct stat found;
    char now[160] = "absent";
    if (lstat(path, &found) == 0) describe(now, &found, 1);
    return strcmp(now, then) == 0;
}

/* The text and its NUL stand behind what is expected, if there is room. */
static int expect(const char *text) {
    size_t size = strlen(text) + 1;
    if (size > (size_t)(expected + sizeof expected - end)) return 0;
    memcpy(end, text, size);
    end += size;
    return 1;
}

/* stamp._interpreter: the hemlock that PATH leads to. */
static int expect_interpreter(void) {
    const char *from = getenv("PATH");
    for (from = from ? from : "";; from++) {
        char text[PATH_MAX + 160];
        struct stat found;
        size_t size = strcspn(from, ":");
        if (size > PATH_MAX - 16) return 0;
        sprintf(text, "%.*s/hemlock", (int)size, from);
        if (stat(text, &found) == 0 && S_ISREG(found.st_mode) && access(text, X_OK) == 0) {
            strcat(text, " ");
            describe(text + strlen(text), &found, 0);
            return expect(text);
        }
        from += size;
        if (!*from) return expect("no hemlock");
    }
}

/* stamp.boot: a name for the time since the machine started; empty if there is none. */
static int expect_boot(void) {
    char text[128];
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    text[size < 0 ? 0 : size] = 0;
    text[strcspn(text, " \n")] = 0;
    return expect(text);
}

/* What every stamp of this moment begins with, behind the number of packages. */
static int expect_environment(void) {
    if (!expect(FORMAT)) return 0;
    for (size_t i = 0; i < COUNT(variables); i++) {
        const char *value = getenv(variables[i]);
        if (!expect(variables[i])) return 0;
        if (!value) continue;
        end[-1] = '=';
        if (!expect(value)) return 0;
    }
    return expect_interpreter() && expect_boot();
}

/* stamp._read: whether the stamp of the current folder, at `root`, says that all is as it was. Asked
   from the folder of a member of its workspace, it has to know that. */
static enum answer is_fresh(const char *root, const char *member) {
    int mutex = open(".hpm/mutex", O_RDONLY | O_CLOEXEC);
    if (mutex < 0) return NO;
    int is_busy = flock(mutex, LOCK_SH | LOCK_NB);
    close(mutex);
    if (is_busy) return NO;
    int file = open(".hpm/stamp", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, stamp, sizeof stamp - 1);
    if (file >= 0) close(file);
    if (size < 8 || size == sizeof stamp - 1) return UNSURE;

    size_t digits = strspn(stamp, "0123456789"), header = (size_t)(end - expected);
    const char *at = stamp + digits + 1, *last = stamp + size - 3;
    if (!digits || digits > 9 || stamp[digits] || last - at < (ssize_t)header || strcmp(last, "end")) return NO;
    if (memcmp(at, expected, header) != 0) return NO;

    unsigned long long above = 0, wanted = 0; /* a bit for each folder above, whose package.json counts */
    for (int steps = 0; *root; root++)
        if (*root == '/' && ++steps < 64) wanted |= 1ULL << steps;
        else if (steps >= 64) return UNSURE;
    int knows_member = !*member;
    for (at += header; at < last;) {
        const char *then = at, *path = then + strlen(then) + 1;
        if (path >= last || !is_as_it_was(path, then)) return NO;
        size_t steps = 0;
        while (strncmp(path + 3 * steps, "../", 3) == 0) steps++;
        if (steps && steps < 64 && strcmp(path + 3 * steps, "package.json") == 0) above |= 1ULL << steps;
        knows_member |= strcmp(path, member) == 0;
        at = path + strlen(path) + 1;
    }
    return knows_member && (above & wanted) == wanted ? YES : NO;
}

/* stamp._answer: whether there is nothing to do in the project that `folder`, the current one, is in:
   one that has a package.json, and, if that is a member of a workspace, the one above that knows it. */
static enum answer is_up_to_date(char *folder) {
    char nearest[PATH_MAX + 16] = "";
    for (; *folder; *strrchr(folder, '/') = 0) {
        struct stat found;
        if (chdir(folder) != 0) return UNSURE;
        if (stat("package.json", &found) != 0) continue;
        enum answer answer = is_fresh(folder, *nearest ? nearest + strlen(folder) + 1 : "");
        if (answer != NO) return answer;
        if (!*nearest) sprintf(nearest, "%s/package.json", folder);
    }
    return NO;
}

/* Go to the folder that was given; 0: it is none, or a link leads to it, or its name has to be read twice. */
static int enter(const char *given, char *folder) {
    char wanted[2 * PATH_MAX];
    if (!getcwd(folder, PATH_MAX) || folder[0] != '/' || !folder[1]) return 0;
    if (!given) return 1;
    if (strlen(given) >= PATH_MAX) return 0;
    sprintf(wanted, "%s%s%s", *given == '/' ? "" : folder, *given == '/' ? "" : "/", given);
    return chdir(given) == 0 && getcwd(folder, PATH_MAX) && folder[1] && strcmp(folder, wanted) == 0;
}

/* request.request and stamp.answer: whether `words` ask for what the stamp can tell, and it tells it; then
   `said` holds what is to be said. */
static int answer(int count, char **words, char *said) {
    const char *mode = getenv("HPM_FASTPATH"), *given = NULL;
    char folder[PATH_MAX];
    int verbs = 0, is_quiet = 0;
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "-q") == 0 || strcmp(words[i], "--quiet") == 0) is_quiet = 1;
        else if (strcmp(words[i], "-C") == 0 || strcmp(words[i], "--dir") == 0) {
            if (given || i + 1 == count || !*words[i + 1] || *words[i + 1] == '-') return 0;
            given = words[++i];
        } else if (is_one_of(words[i], commands, COUNT(commands))) verbs++;
        else if (!is_one_of(words[i], harmless, COUNT(harmless))) return 0;
    }
    if (verbs != 1 || (mode && strcmp(mode, "on") != 0)) return 0;
    for (size_t i = 0; i < COUNT(made_for); i += 2)
        if (!is_as_it_was(made_for[i], made_for[i + 1])) return 0;
    if (!expect_environment() || !enter(given, folder) || is_up_to_date(folder) != YES) return 0;
    long packages = strtol(stamp, NULL, 10);
    if (is_quiet) *said = 0;
    else sprintf(said, "Everything is up to date (%ld package%s).\n", packages, packages == 1 ? "" : "s");
    return 1;
}

int main(int count, char **words) {
    char said[80];
    int here = open(".", O_RDONLY | O_CLOEXEC);
    if (here >= 0 && answer(count, words, said)) {
        void (*before)(int) = signal(SIGPIPE, SIG_IGN);
        ssize_t size = (ssize_t)strlen(said);
        if (size == 0 || write(STDOUT_FILENO, said, (size_t)size) == size) return 0;
        if (errno == EPIPE) return 128 + SIGPIPE;
        signal(SIGPIPE, before);
    }
    if (here >= 0 && fchdir(here) != 0) return 70;
    const char *passed[COUNT(program) + (size_t)count];
    memcpy(passed, program, sizeof program);
    for (int i = 1; i <= count; i++) passed[COUNT(program) + (size_t)i - 1] = words[i];
    if (access(program[COUNT(program) - 1], R_OK) == 0 || program[1][0] == '-') execv(program[0], (char **)passed);
    fprintf(stderr, "hpm: %s, for which this program was made, cannot be run with %s any more; remove %s,"
            " or let another hpm make it anew by 'front install'.\n", program[COUNT(program) - 1], program[0], PLACE);
    return 127;
}
