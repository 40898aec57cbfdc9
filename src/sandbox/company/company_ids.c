/* The company's clock, and its new ids, codes and secrets. */
#include "sandbox/company/company.h"
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* --- time --- */

ic_time ic_company_now(const ic_company *company) {
    const ic_clock *clock = &company->clock;
    return (clock->fixed == IC_TIME_NONE ? ic_time_now() : clock->fixed) + clock->offset;
}

void ic_company_advance(ic_company *company, double seconds) {
    company->clock.offset += (ic_time)(seconds * 1000);
}

/* --- random bytes --- */

void ic_company_seed(ic_company *company, uint64_t seed) {
    company->random = (ic_random){.seeded = true, .state = seed};
}

/* SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014. */
static uint64_t id_random_next(ic_random *random) {
    uint64_t value = random->state += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

static void id_random_fill(ic_company *company, unsigned char *bytes, size_t count) {
    if (!company->random.seeded) {
        RAND_bytes(bytes, (int)count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(id_random_next(&company->random) >> 56);
}

/* --- ids --- */

void ic_random_hex(ic_company *company, char *text, size_t digits) {
    unsigned char bytes[64] = {0};
    id_random_fill(company, bytes, (digits + 1) / 2 < sizeof bytes ? (digits + 1) / 2 : sizeof bytes);
    for (size_t i = 0; i < digits; i++)
        text[i] = "0123456789abcdef"[bytes[i / 2 % sizeof bytes] >> (i % 2 * 4) & 15];
    text[digits] = '\0';
}

/* As MongoDB makes them: eight digits of seconds, sixteen random ones. */
void ic_new_object_id(ic_company *company, ic_object_id id) {
    unsigned long long seconds = (unsigned long long)(ic_company_now(company) / 1000);
    snprintf(id, sizeof(ic_object_id), "%08llx", seconds & 0xffffffff);
    ic_random_hex(company, id + 8, sizeof(ic_object_id) - 9);
}

/* Version 4, RFC 9562, 5.4. */
void ic_new_uuid(ic_company *company, ic_uuid id) {
    char hex[33];
    ic_random_hex(company, hex, 32);
    hex[12] = '4';
    hex[16] = "89ab"[(hex[16] >= 'a' ? hex[16] - 'a' + 10 : hex[16] - '0') & 3];
    snprintf(id, sizeof(ic_uuid), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void ic_new_short_id(ic_company *company, ic_short_id id) {
    unsigned char bytes[sizeof(ic_short_id)] = {0};
    id_random_fill(company, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof(ic_short_id) - 1; i++)
        id[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[bytes[i] % 36];
    id[sizeof(ic_short_id) - 1] = '\0';
}

void ic_new_secret(ic_company *company, const char *kind, ic_secret secret) {
    char digits[49];
    ic_random_hex(company, digits, sizeof digits - 1);
    snprintf(secret, sizeof(ic_secret), "sandbox-%.7s-%s", kind, digits);
}

void ic_new_readable_id(ic_company *company, ic_readable_id id) {
    snprintf(id, sizeof(ic_readable_id), "IC-%u", ++company->last_readable);
}
