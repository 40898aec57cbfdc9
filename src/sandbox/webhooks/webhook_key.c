#include "sandbox/webhooks/webhook_key.h"
#include "sandbox/webhooks/outbox.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define KEY_BITS   2048
#define PRIME_BITS (KEY_BITS / 2)
#define EXPONENT   65537

/* The numbers of a key: n, e, d, p, q, dP, dQ, qInv. RFC 8017, 3.2. */
enum { MODULUS, PUBLIC, PRIVATE, PRIME_1, PRIME_2, EXPONENT_1, EXPONENT_2, COEFFICIENT, NUMBER_COUNT };

static const char *const parameters[NUMBER_COUNT] = {
    [MODULUS] = OSSL_PKEY_PARAM_RSA_N,
    [PUBLIC] = OSSL_PKEY_PARAM_RSA_E,
    [PRIVATE] = OSSL_PKEY_PARAM_RSA_D,
    [PRIME_1] = OSSL_PKEY_PARAM_RSA_FACTOR1,
    [PRIME_2] = OSSL_PKEY_PARAM_RSA_FACTOR2,
    [EXPONENT_1] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    [EXPONENT_2] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
    [COEFFICIENT] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* The first suitable prime after a random number of the company. Its top two bits are set, so that the
 * product of two primes has full length. */
static bool webhook_key_find_prime(ic_company *company, BIGNUM *prime, BN_CTX *pool) {
    const size_t half = PRIME_BITS / 4 / 2; /* digits */
    char digits[PRIME_BITS / 4 + 1];
    ic_random_hex(company, digits, half);
    ic_random_hex(company, digits + half, half);
    if (!BN_hex2bn(&prime, digits) || !BN_set_bit(prime, PRIME_BITS - 1) ||
        !BN_set_bit(prime, PRIME_BITS - 2) || !BN_set_bit(prime, 0))
        return false;
    do {
        int good = BN_check_prime(prime, pool, NULL);
        if (good < 0) return false;
        if (good && BN_mod_word(prime, EXPONENT) != 1) return true;
    } while (BN_add_word(prime, 2));
    return false;
}

/* `one` and `other`: the primes minus one. */
static bool webhook_key_calculate(BIGNUM *const n[NUMBER_COUNT], BIGNUM *one, BIGNUM *other, BN_CTX *pool) {
    BIGNUM *product = n[MODULUS];
    return BN_sub(one, n[PRIME_1], BN_value_one()) && BN_sub(other, n[PRIME_2], BN_value_one()) &&
           BN_set_word(n[PUBLIC], EXPONENT) && BN_mul(product, one, other, pool) &&
           BN_mod_inverse(n[PRIVATE], n[PUBLIC], product, pool) &&
           BN_mod(n[EXPONENT_1], n[PRIVATE], one, pool) && BN_mod(n[EXPONENT_2], n[PRIVATE], other, pool) &&
           BN_mod_inverse(n[COEFFICIENT], n[PRIME_2], n[PRIME_1], pool) &&
           BN_mul(product, n[PRIME_1], n[PRIME_2], pool);
}

static EVP_PKEY *webhook_key_make(BIGNUM *const n[NUMBER_COUNT]) {
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    bool pushed = builder != NULL;
    for (int i = 0; i < NUMBER_COUNT; i++)
        pushed = pushed && OSSL_PARAM_BLD_push_BN(builder, parameters[i], n[i]);
    OSSL_PARAM *values = pushed ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    if (values && context && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, values);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(values);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/* OpenSSL's own generator takes no seed. */
static EVP_PKEY *webhook_key_seeded(ic_company *company) {
    BN_CTX *pool = BN_CTX_new();
    if (!pool) return NULL;
    BN_CTX_start(pool);
    BIGNUM *n[NUMBER_COUNT];
    for (int i = 0; i < NUMBER_COUNT; i++)
        n[i] = BN_CTX_get(pool);
    BIGNUM *one = BN_CTX_get(pool), *other = BN_CTX_get(pool); /* NULL when any allocation before it failed */
    EVP_PKEY *key = NULL;
    if (other && webhook_key_find_prime(company, n[PRIME_1], pool) &&
        webhook_key_find_prime(company, n[PRIME_2], pool) && webhook_key_calculate(n, one, other, pool))
        key = webhook_key_make(n);
    BN_CTX_end(pool);
    BN_CTX_free(pool);
    return key;
}

EVP_PKEY *ic_company_webhook_key(ic_company *company) {
    if (!company->webhook_key)
        company->webhook_key = company->random.seeded ? webhook_key_seeded(company) : EVP_RSA_gen(KEY_BITS);
    return company->webhook_key;
}

void ic_company_rotate_webhook_key(ic_company *company) {
    EVP_PKEY_free(company->webhook_key);
    company->webhook_key = NULL;
    company->outbox->key++;
}
