/*
 * Tests of token: keys, signatures of each algorithm, forgeries, claims, times.
 *
 * The tokens that stand here as text were made with PyJWT, so that two implementations have
 * to agree; the others are signed here, with HMAC.
 */
#include "token.h"

#include "chat.h"

#include "unit.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "a secret of the tests, long enough"
#define NOW_S  INT64_C(1700000000)

/* clang-format off */
static const char rsa_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqxcyjjdMwp7Zd3ejQ8Oh\n"
    "NQkDnfbJA252+WcuZmbN3CnmJrWxig7L0/k5n24qJitzLPOhdrUgBP5pvvPMNkW+\n"
    "yKqghuz9FNrE2tDTDyUYefnl4jJwbDcJbF9FQsGbe0qIhh9o4xu3gLyAyv2N10sT\n"
    "lpDWPTH+PW8SX5iUeD41XEW/hw1gg3HVLIO3WrIUtvExDKnGsP++wJASUsEaTZCD\n"
    "MOydmNuoR5j/81R8oiKikRSJWsKtdhcU7jj+8dDyI7EE6X2sBT1RfK0oAAbCtveD\n"
    "RAQphDu4SlwuOIU03omw6FtGDW+FkIIZCAX3pD1iGmaLUWTwVhn8uDXEB6OJku8U\n"
    "/QIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char rsa_1024_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCtW+tm/1oqkRylsgyRhR8czl3d\n"
    "DMoYZ5mvyXAwQcH7xVJdDJOnz0GuKF3tmnt79/hKbmAmhTb/tm0LTUJJDn0OPrtZ\n"
    "jHqm9drkftj5NlDguilMVzyuEm1maQWah/ajcIn/H2e3mUUwrdCKD3RxnnH+jDfH\n"
    "bSuHysK03mlS3JyvAwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char ec_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgYGfLcX3psG759TYr04gVKBc7t52\n"
    "s+lObpFLsyN16MOIuYJ8XIw3fywXuN/2r08aS0O0JB3Uk4Nkw+D56lk1Iw==\n"
    "-----END PUBLIC KEY-----\n";

static const char ec_p384_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE3lHwrl+3vNt/TOjrUC7HwXGdBC+h8Muv\n"
    "TV7YKgcN2Jn5prHng7oWdkDyLJq7MNTxn6g6AnhoEJFdKx+wH2JhyVczt4BQJHC4\n"
    "uSIsoPsucpiHivWJ6YbhTmxwWe2+8fLz\n"
    "-----END PUBLIC KEY-----\n";

static const char ec_p521_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQB8z7HMQIH2nK65rEbaYHqxDZBMLpr\n"
    "K1qQFSA2oRZhYqNTn2adQCSqklR28u71j37Y9nm0R0hLfkPseycTtNvJfs4Au/o9\n"
    "Gku+jxFi9lVCb1pb9riL8Bib3LU+o9Bnax1lgC3C49CClqaSmsfPrGYKoktlE1DA\n"
    "o2Rs3GmMnRTKLceaw/I=\n"
    "-----END PUBLIC KEY-----\n";

/* {"sub":"42","exp":4102444800,"info":{"name":"Ada"},"channels":["news","inbox#42"]} */
static const char hs256_token[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "l75exA14ISh3zySk6j_CoPG6KMdbNQM3l-N4NRIuFlE";

static const char hs384_token[] =
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "Nws_qpcCiOYVXu48FS6zeVoIrciBC0MsljrcFhC3MpgYUK_pwELK8Zk1QVlLE9iH";

static const char hs512_token[] =
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "-RLNQi27H_w7zSuvbqaddEtjB2mKGI3Z3qsoyKGpajGT5BsXmn7aeSI_Js9_YAbZDtIDD2fCOf4k_k4QoaxV"
    "tQ";

static const char rs256_token[] =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "U2NM2-OPSfs8Yuc0tyBjaTPJkPvNQXoO6I6FPfbdrEn7FEW_iOqXhb_kmRgdsNOHhjQP1ME2BCj-td7M4tJO"
    "rPHm45Dspw_r4Z7Qyjz_bhnr4SiQJZrKJkdVsjE9IK2KLRgT-V58qa8RUAOgj5M2a91DhMAE2g2trD4rPm4Y"
    "u_w-Z5SRagVkWHkILPlHUqReRTxe2_P7Z8Rz0aqWsaaNywk9_l57YCufezMRyiTis4bihMwdoKHK87PFeJf2"
    "8g_9Roynl8ABbooAlBXhbBw6juRSIr35wNLL9hIVT9yfC9G5QjKPK48yUDasc9bZdG3d_4_rVgQXB1mQWYNy"
    "suxbJw";

static const char es256_token[] =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "c-aBIAaNDaeaMZ-DkC9DPHglE2w6cpvhzBrMQsPeF828qmRPlzvNC_a3R8POcHtgCxWY_cg8p7Qc36kl0QUe"
    "WQ";

static const char rs384_token[] =
    "eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "jBFGggVC0jZhXzgdKKwEBDKlRRJXe6dyqqdOGH98udWOyIGfJY5pw68Tt89nABtkGPMWwdK3JUwoyreZcIdG"
    "wrRgitGkYra8acat2eTlpxU-0PNFD9oRcS1CKfTTZmSyXROxvCNFV5B7bV4UroBftLI29pnAZFjkP6ZsCbPZ"
    "9RUsblvwjRK54Pz-OrHvv4mZQkK3VhvLaQcZCuzBMgZ-HLVPo4mp86Y5FkdHRnSVOq96LsNcniPA54bFhuaU"
    "N8wdSoowTWe9MXGCPsQMlOXOUYk6y97GLv78q2oJIlK7GFDD_V0PzKiFfhhPpG3tiQXCq0O8PZ8GBYtc4B8M"
    "VIVulA";

static const char ps256_token[] =
    "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "Z6ei-K3j2JkyECgluaR-RrYyOyg476VnUm5k3VT8l31uqx5lA4hbj6SKKSaTg_Svj57mKQIbIgpyeAi875Hf"
    "xPOHfsNupNIlFQtuAyfZWLliOTgRwFyUHzvm2RjBbA5qJOMMlstJvZvqS46pqrGWV2zHy7q422jD08UAb-d8"
    "klS1PP7Ve7k8sDrzdl8uRTGo1_uCUscozZjPDvXRc115qbPYYBmixJPm02m47Nh3JQiF1yZx8Tt1jPbahmQ9"
    "lnnnxiJQtHYIRI016y__o4w_c3U6mqRfLhx-87DAs8J6PUoTe9N8v4WwS_2nfEKWSSIrX_X6lb5HejXcSXf-"
    "E66wfQ";

static const char es384_token[] =
    "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "DJrAaI71gO_gBtn2A1g85kFtf4jrgW9yuaae3jSxVLQ37pllyEAs-F-vWfSkQnfFmFdIwuJU-cTnpfa-t4Zc"
    "LQiLXxVpZ60DuZm3aRtV572ybo2Ehd8qTZkeFGkPtkLQ";

static const char rs256_of_another_token[] =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "qP1ry_VtdVSoqnwmw9VHVinNa4yu2C575N8tC6R3anCZockZe3AV1-OuSrluOi4ZykcfSDB4ZsQf2xEWzKzo"
    "dQfRNX4u60B_ll4qkzgCNVNUyLZApOK66_THrcqwGfP4YCVtngkIW8DZ6VjEA_EzMTwVYMMLhJRkKdckKLxK"
    "cX_K89PhgY0SxMp_f0xP5YHTtGJAuybtqvFbipqmI2TlGYMzXAxmOXp3jbqypfBzpBTeSQhAYyjk8sYRU01X"
    "xxXEps3lYPvdyWgsZGeP-pEFYwCABTAR7sRL0KEEoGxc1xhnH3fo1Mov901UYoJTcCEJ8sZWdoHAVgPvM3vO"
    "kGMGig";

static const char es256_of_another_token[] =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiI0MiIsImV4cCI6NDEwMjQ0NDgwMCwiaW5mbyI6eyJuYW1lIjoiQWRhIn0sImNoYW5uZWxzIjpb"
    "Im5ld3MiLCJpbmJveCM0MiJdfQ."
    "3p864YHGlJXNxjUd0AhcRhTOPDuILHz0atDliX0QwVVlqV0-Vlm-wmEOTLrigdKHCLK8E7tfZJu7OT8ucoGx"
    "_w";

/* The example of RFC 7515, A.3. */
static const char rfc7515_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END PUBLIC KEY-----\n";

static const char rfc7515_token[] =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
    "Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU"
    "1Q";
/* clang-format on */

/* ------------------------------------------------------------------------------- helpers */

/* As base64url. *new* */
static char *encode(const void *bytes, size_t length)
{
    char *text = malloc(length * 4 / 3 + 8);
    (void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);
    text[strcspn(text, "=")] = '\0';
    for (char *at = text; *at; at++) {
        if (*at == '+')
            *at = '-';
        else if (*at == '/')
            *at = '_';
    }
    return text;
}

/* header.payload, signed with a secret, whatever the header says. *new* */
static char *sign(const char *secret, const char *header, const void *payload,
                  size_t payload_length)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int mac_length = 0;
    char *head = encode(header, strlen(header));
    char *body = encode(payload, payload_length);
    size_t size = strlen(head) + strlen(body) + 64;
    char *text = malloc(size);
    int length = snprintf(text, size, "%s.%s", head, body);
    assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)text,
                         (size_t)length, mac, &mac_length));
    char *signature = encode(mac, mac_length);
    (void)snprintf(text + length, size - (size_t)length, ".%s", signature);
    free(signature);
    free(head);
    free(body);
    return text;
}

static char *sign_claims(const char *claims)
{
    return sign(SECRET, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims, strlen(claims));
}

/* A file with that content; its name is *new*. */
static char *make_file(const char *content)
{
    char *path = strdup("/tmp/unit_token_XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, content, strlen(content)), (ssize_t)strlen(content));
    close(descriptor);
    return path;
}

/* Keys from texts; NULL means not configured. *ret_error is NULL or *new*. */
static struct token_keys *try_keys(const char *secret, const char *rsa, const char *ec,
                                   const char *audience, const char *issuer, char **ret_error)
{
    char *rsa_file = rsa ? make_file(rsa) : NULL;
    char *ec_file = ec ? make_file(ec) : NULL;
    struct token_key_options options = {.hmac_secret = secret,
                                        .rsa_public_key_file = rsa_file,
                                        .ec_public_key_file = ec_file,
                                        .audience = audience,
                                        .issuer = issuer};
    *ret_error = NULL;
    struct token_keys *keys = token_keys_create(&options, ret_error);
    if (rsa_file)
        unlink(rsa_file);
    if (ec_file)
        unlink(ec_file);
    free(rsa_file);
    free(ec_file);
    return keys;
}

static struct token_keys *make_keys(const char *secret, const char *rsa, const char *ec)
{
    char *error;
    struct token_keys *keys = try_keys(secret, rsa, ec, "", "", &error);
    assert_non_null(keys);
    return keys;
}

/* In a heap block of just that size: reading past the end is noticed. */
static enum token_result verify(const struct token_keys *keys, const char *text, size_t length,
                                struct token *ret_token)
{
    char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, text, length);
    enum token_result result = token_verify(keys, exact, length, NOW_S, ret_token);
    free(exact);
    return result;
}

static void assert_has_no_claims(const struct token *token)
{
    assert_string_equal(token->user, "");
    assert_null(token->client);
    assert_null(token->channel);
    assert_null(token->info);
    assert_null(token->channels);
    assert_null(token->subs);
    assert_int_equal(token->channel_count, 0);
    assert_int_equal(token->sub_count, 0);
    assert_int_equal(token->expires_at_s, 0);
}

static void expect_refusal(const struct token_keys *keys, const char *text, size_t length,
                           const char *error)
{
    struct token token;
    enum token_result result = verify(keys, text, length, &token);
    assert_string_equal(token.error, error);
    assert_int_equal(result, TOKEN_INVALID);
    assert_has_no_claims(&token);
    token_finish(&token);
    assert_int_equal(ERR_peek_error(), 0);
}

/* ------------------------------------------------------------------------ good signatures */

static const struct good_row {
    const char *name;
    const char *text;
} good_rows[] = {
    {"good_hs256_is_taken", hs256_token}, {"good_hs384_is_taken", hs384_token},
    {"good_hs512_is_taken", hs512_token}, {"good_rs256_is_taken", rs256_token},
    {"good_es256_is_taken", es256_token}, {"good_rs384_is_taken", rs384_token},
};

static void good_token_is_taken(void **state)
{
    const struct good_row *row = *state;
    struct token_keys *keys = make_keys(SECRET, rsa_pem, ec_pem);
    struct token token;
    enum token_result result = verify(keys, row->text, strlen(row->text), &token);
    assert_string_equal(token.error, "");
    assert_int_equal(result, TOKEN_OK);
    assert_string_equal(token.user, "42");
    assert_true(token.expires_at_s == INT64_C(4102444800));
    assert_string_equal(token.info, "{\"name\":\"Ada\"}");
    assert_int_equal(token.channel_count, 2);
    assert_string_equal(token.channels[0], "news");
    assert_string_equal(token.channels[1], "inbox#42");
    assert_null(token.channel);
    assert_null(token.client);
    token_finish(&token);
    token_keys_destroy(keys);
}

static void good_example_of_rfc7515_is_taken(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(NULL, NULL, rfc7515_pem);
    struct token token;
    enum token_result result = token_verify(keys, rfc7515_token, sizeof(rfc7515_token) - 1,
                                            /* now_s= */ 1300819379, &token);
    assert_int_equal(result, TOKEN_OK);
    assert_string_equal(token.user, "");
    token_finish(&token);
    token_keys_destroy(keys);
}

static void good_signature_of_every_alg_needs_its_own_key(void **state)
{
    (void)state;
    struct token_keys *only_hmac = make_keys(SECRET, NULL, NULL);
    struct token_keys *only_rsa = make_keys(NULL, rsa_pem, NULL);
    struct token_keys *only_ec = make_keys(NULL, NULL, ec_pem);
    expect_refusal(only_hmac, rs256_token, strlen(rs256_token), "there is no key for RS256");
    expect_refusal(only_hmac, es256_token, strlen(es256_token), "there is no key for ES256");
    expect_refusal(only_rsa, hs512_token, strlen(hs512_token), "there is no key for HS512");
    expect_refusal(only_rsa, es256_token, strlen(es256_token), "there is no key for ES256");
    expect_refusal(only_ec, hs256_token, strlen(hs256_token), "there is no key for HS256");
    expect_refusal(only_ec, rs256_token, strlen(rs256_token), "there is no key for RS256");
    token_keys_destroy(only_hmac);
    token_keys_destroy(only_rsa);
    token_keys_destroy(only_ec);
}

static void good_es384_is_taken_with_a_key_of_its_curve(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(NULL, NULL, ec_p384_pem);
    struct token token;
    assert_int_equal(verify(keys, es384_token, strlen(es384_token), &token), TOKEN_OK);
    token_finish(&token);
    expect_refusal(keys, es256_token, strlen(es256_token), "there is no key for ES256");
    token_keys_destroy(keys);
}

/* ------------------------------------------------------------------------------ forgeries */

#define WRONG_ALG       "the header's alg is none of those that are taken here"
#define WRONG_SIGNATURE "the signature is wrong"

static const struct forged_row {
    const char *name;
    const char *text;
    const char *error;
} forged_rows[] = {
    {"forged_ps256_is_refused", ps256_token, WRONG_ALG},
    {"forged_es384_is_refused", es384_token, "there is no key for ES384"},
    {"forged_rs256_of_another_key_is_refused", rs256_of_another_token, WRONG_SIGNATURE},
    {"forged_es256_of_another_key_is_refused", es256_of_another_token, WRONG_SIGNATURE},
};

static void forgery_is_refused(void **state)
{
    const struct forged_row *row = *state;
    struct token_keys *keys = make_keys(SECRET, rsa_pem, ec_pem);
    expect_refusal(keys, row->text, strlen(row->text), row->error);
    token_keys_destroy(keys);
}

/* Each octet of the signature, by one bit. */
static void expect_signature_noticed(const struct token_keys *keys, const struct good_row *row)
{
    char *text = strdup(row->text);
    for (char *at = strrchr(text, '.') + 1; *at; at++) {
        char old = *at;
        *at = old == 'A' ? 'Q' : 'A'; /* both end a last group as well */
        struct token token;
        assert_int_equal(verify(keys, text, strlen(text), &token), TOKEN_INVALID);
        token_finish(&token);
        *at = old;
    }
    free(text);
}

static void forged_signature_is_refused(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, rsa_pem, ec_pem);
    for (size_t i = 0; i < UNIT_COUNT(good_rows); i++)
        expect_signature_noticed(keys, &good_rows[i]);
    token_keys_destroy(keys);
}

static void expect_payload_noticed(const struct token_keys *keys, const struct good_row *row)
{
    const char *signature = strrchr(row->text, '.');
    const char *claims = "{\"sub\":\"43\"}";
    char *payload = encode(claims, strlen(claims));
    size_t header_length = strcspn(row->text, ".");
    char *text = malloc(strlen(row->text) + strlen(payload) + 2);
    (void)sprintf(text, "%.*s.%s%s", (int)header_length, row->text, payload, signature);
    expect_refusal(keys, text, strlen(text), WRONG_SIGNATURE);
    free(text);
    free(payload);
}

static void forged_payload_is_refused(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, rsa_pem, ec_pem);
    for (size_t i = 0; i < UNIT_COUNT(good_rows); i++)
        expect_payload_noticed(keys, &good_rows[i]);
    token_keys_destroy(keys);
}

static void expect_cut_signature_noticed(const struct token_keys *keys,
                                         const struct good_row *row)
{
    size_t length = strlen(row->text);
    struct token token;
    for (size_t cut = 1; cut < 12; cut++) {
        assert_int_equal(verify(keys, row->text, length - cut, &token), TOKEN_INVALID);
        token_finish(&token);
    }
}

static void forged_cut_signature_is_refused(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, rsa_pem, ec_pem);
    for (size_t i = 0; i < UNIT_COUNT(good_rows); i++)
        expect_cut_signature_noticed(keys, &good_rows[i]);
    token_keys_destroy(keys);
}

static const struct header_row {
    const char *name;
    const char *header;
    const char *error;
} header_rows[] = {
    {"header_alg_none_is_refused", "{\"alg\":\"none\"}", WRONG_ALG},
    {"header_alg_None_is_refused", "{\"alg\":\"None\",\"typ\":\"JWT\"}", WRONG_ALG},
    {"header_alg_empty_is_refused", "{\"alg\":\"\"}", WRONG_ALG},
    {"header_alg_in_small_letters_is_refused", "{\"alg\":\"hs256\"}", WRONG_ALG},
    {"header_alg_unknown_is_refused_unquoted", "{\"alg\":\"HS1024 %s%n\"}", WRONG_ALG},
    {"header_alg_of_other_digest_is_refused", "{\"alg\":\"HS384\"}", WRONG_SIGNATURE},
    {"header_alg_of_other_key_is_refused", "{\"alg\":\"RS256\"}", WRONG_SIGNATURE},
    {"header_alg_of_curve_is_refused", "{\"alg\":\"ES256\"}", WRONG_SIGNATURE},
    {"header_alg_missing_is_refused", "{\"typ\":\"JWT\"}", "the header's alg must be a string"},
    {"header_alg_number_is_refused", "{\"alg\":256}", "the header's alg must be a string"},
    {"header_alg_twice_is_refused", "{\"alg\":\"HS256\",\"alg\":\"none\"}",
     "the token's header has a key twice"},
    {"header_typ_other_is_refused", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
     "the header's typ is not JWT"},
    {"header_typ_number_is_refused", "{\"alg\":\"HS256\",\"typ\":1}",
     "the header's typ is not JWT"},
    {"header_crit_is_refused", "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
     "the header's crit asks for what is not supported"},
    {"header_array_is_refused", "[\"HS256\"]", "the token's header is not an object"},
    {"header_text_is_refused", "HS256", "the token's header is not JSON"},
};

static void header_is_refused(void **state)
{
    const struct header_row *row = *state;
    struct token_keys *keys = make_keys(SECRET, rsa_pem, ec_pem);
    char *text = sign(SECRET, row->header, "{\"sub\":\"42\"}", 12);
    expect_refusal(keys, text, strlen(text), row->error);
    free(text);
    token_keys_destroy(keys);
}

static void header_without_typ_or_with_more_is_taken(void **state)
{
    (void)state;
    static const char *const headers[] = {"{\"alg\":\"HS256\"}",
                                          "{\"typ\":\"jwt\",\"kid\":\"7\",\"alg\":\"HS256\"}"};
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    for (size_t i = 0; i < UNIT_COUNT(headers); i++) {
        struct token token;
        char *text = sign(SECRET, headers[i], "{\"sub\":\"42\"}", 12);
        assert_int_equal(verify(keys, text, strlen(text), &token), TOKEN_OK);
        token_finish(&token);
        free(text);
    }
    token_keys_destroy(keys);
}

/* Whoever knows the public key signs with it as if it were a secret. */
static void public_key_as_secret_is_refused(void **state)
{
    (void)state;
    static const char *const header = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    const char *const pems[] = {rsa_pem, ec_pem};
    struct token_keys *public_only = make_keys(NULL, rsa_pem, ec_pem);
    struct token_keys *all = make_keys(SECRET, rsa_pem, ec_pem);
    for (size_t i = 0; i < UNIT_COUNT(pems); i++) {
        char *text = sign(pems[i], header, "{\"sub\":\"42\"}", 12);
        expect_refusal(public_only, text, strlen(text), "there is no key for HS256");
        expect_refusal(all, text, strlen(text), WRONG_SIGNATURE);
        free(text);
    }
    token_keys_destroy(public_only);
    token_keys_destroy(all);
}

static void none_without_signature_is_refused(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    const char *text = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9."; /* RFC 7519, 6.1 */
    expect_refusal(keys, text, strlen(text), "the token's signature is not base64url");
    text = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.AAAA";
    expect_refusal(keys, text, strlen(text), WRONG_ALG);
    token_keys_destroy(keys);
}

static void no_keys_refuse_everything(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(NULL, NULL, NULL);
    expect_refusal(keys, hs256_token, strlen(hs256_token), "there is no key for HS256");
    char *text = sign("", "{\"alg\":\"HS256\"}", "{}", 2);
    expect_refusal(keys, text, strlen(text), "there is no key for HS256");
    free(text);
    token_keys_destroy(keys);
}

/* ----------------------------------------------------------------------- form of the text */

#define THREE_PARTS "the token has not three parts"

static const struct form_row {
    const char *name;
    const char *text;
    const char *error;
} form_rows[] = {
    {"form_nothing_is_refused", "", "the token is empty"},
    {"form_word_is_refused", "hello", THREE_PARTS},
    {"form_one_dot_is_refused", "e30.e30", THREE_PARTS},
    {"form_three_dots_are_refused", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.AAAA", THREE_PARTS},
    {"form_five_parts_of_encrypted_are_refused", "e30.AAAA.AAAA.AAAA.AAAA", THREE_PARTS},
    {"form_two_dots_only_are_refused", "..", "the token's header is not base64url"},
    {"form_no_payload_is_refused", "e30..AAAA", "the token's payload is not base64url"},
    {"form_space_is_refused", " e30.e30.AAAA", "the token's header is not base64url"},
    {"form_newline_at_the_end_is_refused", "e30.e30.AAAA\n",
     "the token's signature is not base64url"},
    {"form_padding_is_refused", "e30=.e30=.AA==", "the token's header is not base64url"},
    {"form_plus_and_slash_are_refused", "e30.+/8A.AAAA",
     "the token's payload is not base64url"},
    {"form_letter_alone_in_its_group_is_refused", "e30.AAAAA.AAAA",
     "the token's payload is not base64url"},
    {"form_bits_left_over_are_refused", "e30.e31.AAAA", "the token's payload is not base64url"},
    {"form_eighth_bit_is_refused", "e30.\xc3\xa9\xc3\xa9.AAAA",
     "the token's payload is not base64url"},
    {"form_brace_is_refused", "e30.{{{{.AAAA", "the token's payload is not base64url"},
};

static void form_is_refused(void **state)
{
    const struct form_row *row = *state;
    struct token_keys *keys = make_keys(SECRET, rsa_pem, ec_pem);
    expect_refusal(keys, row->text, strlen(row->text), row->error);
    token_keys_destroy(keys);
}

static void form_zero_octet_is_refused(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    char text[sizeof(hs256_token) + 4] = {0};
    memcpy(text, hs256_token, sizeof(hs256_token));
    expect_refusal(keys, text, sizeof(text), "the token's signature is not base64url");
    token_keys_destroy(keys);
}

/* A token of `length` octets: the payload's size makes it so, nearly. */
static char *sign_to_length(size_t length)
{
    static const char *const header = "{\"alg\":\"HS256\"}";
    size_t payload_length = (length - strlen("eyJhbGciOiJIUzI1NiJ9..") - 43) / 4 * 3;
    char *payload = malloc(payload_length + 1);
    memset(payload, ' ', payload_length);
    payload[0] = '{';
    payload[payload_length - 1] = '}';
    char *text = sign(SECRET, header, payload, payload_length);
    free(payload);
    return text;
}

static void form_as_long_as_may_be_is_taken(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    struct token token;
    char *text = sign_to_length(TOKEN_BYTES_MAX);
    assert_in_range(strlen(text), TOKEN_BYTES_MAX - 3, TOKEN_BYTES_MAX);
    assert_int_equal(verify(keys, text, strlen(text), &token), TOKEN_OK);
    token_finish(&token);
    free(text);
    token_keys_destroy(keys);
}

static void form_too_long_is_refused(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    static const size_t lengths[] = {TOKEN_BYTES_MAX + 4, (size_t)1 << 20};
    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        char *text = sign_to_length(lengths[i]);
        expect_refusal(keys, text, strlen(text), "the token is longer than 8192 bytes");
        free(text);
    }
    token_keys_destroy(keys);
}

/* --------------------------------------------------------------------------------- claims */

#define LINE_OF_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct claims_row {
    const char *name;
    const char *claims;
    enum token_result result;
    const char *error;
} claims_rows[] = {
    {"claims_none_are_fine", "{}", TOKEN_OK, ""},
    {"claims_unknown_are_passed_over", "{\"jti\":[1],\"iat\":\"x\",\"aud\":7,\"iss\":[]}",
     TOKEN_OK, ""},
    {"payload_text_is_refused", "hello", TOKEN_INVALID, "the token's payload is not JSON"},
    {"payload_cut_is_refused", "{\"sub\":\"42\"", TOKEN_INVALID,
     "the token's payload is not JSON"},
    {"payload_array_is_refused", "[]", TOKEN_INVALID, "the token's payload is not an object"},
    {"payload_with_more_behind_is_refused", "{} {}", TOKEN_INVALID,
     "the token's payload is not JSON"},
    {"payload_not_utf8_is_refused", "{\"sub\":\"\xff\"}", TOKEN_INVALID,
     "the token's payload is not JSON"},
    {"payload_with_a_key_twice_is_refused", "{\"sub\":\"1\",\"sub\":\"2\"}", TOKEN_INVALID,
     "the token's payload has a key twice"},

    {"sub_empty_is_fine", "{\"sub\":\"\"}", TOKEN_OK, ""},
    {"sub_of_128_bytes_is_fine", "{\"sub\":\"" LINE_OF_64 LINE_OF_64 "\"}", TOKEN_OK, ""},
    {"sub_of_129_bytes_is_refused", "{\"sub\":\"" LINE_OF_64 LINE_OF_64 "x\"}", TOKEN_INVALID,
     "sub is longer than 128 bytes"},
    {"sub_number_is_refused", "{\"sub\":42}", TOKEN_INVALID, "sub must be a string"},
    {"sub_null_is_refused", "{\"sub\":null}", TOKEN_INVALID, "sub must be a string"},
    {"sub_newline_is_refused", "{\"sub\":\"a\\nb\"}", TOKEN_INVALID,
     "sub has control characters"},
    {"sub_zero_octet_is_refused", "{\"sub\":\"a\\u0000b\"}", TOKEN_INVALID,
     "the token's payload is not JSON"},

    {"client_number_is_refused", "{\"client\":1}", TOKEN_INVALID, "client must be a string"},
    {"channel_array_is_refused", "{\"channel\":[\"a\"]}", TOKEN_INVALID,
     "channel must be a string"},
    {"channel_empty_is_refused", "{\"channel\":\"\"}", TOKEN_INVALID, "channel is empty"},
    {"channel_of_129_bytes_is_refused", "{\"channel\":\"" LINE_OF_64 LINE_OF_64 "x\"}",
     TOKEN_INVALID, "channel is longer than 128 bytes"},
    {"channels_string_is_refused", "{\"channels\":\"a\"}", TOKEN_INVALID,
     "channels must be an array of strings"},
    {"channels_object_is_refused", "{\"channels\":{\"a\":{}}}", TOKEN_INVALID,
     "channels must be an array of strings"},
    {"channels_with_a_number_are_refused", "{\"channels\":[\"a\",1]}", TOKEN_INVALID,
     "channels must be an array of strings"},
    {"channels_with_an_empty_name_are_refused", "{\"channels\":[\"a\",\"\"]}", TOKEN_INVALID,
     "channels has an empty name"},
    {"channels_with_a_tab_are_refused", "{\"channels\":[\"a\\tb\"]}", TOKEN_INVALID,
     "channels has control characters"},
    {"channels_empty_are_fine", "{\"channels\":[]}", TOKEN_OK, ""},
    {"subs_array_is_refused", "{\"subs\":[\"a\"]}", TOKEN_INVALID,
     "subs must be an object of objects"},
    {"subs_with_a_string_are_refused", "{\"subs\":{\"b\":{},\"a\":\"x\"}}", TOKEN_INVALID,
     "subs must be an object of objects"},
    {"subs_with_an_empty_name_are_refused", "{\"subs\":{\"\":{}}}", TOKEN_INVALID,
     "subs has an empty name"},
    {"subs_empty_are_fine", "{\"subs\":{}}", TOKEN_OK, ""},

    {"exp_in_a_second_is_fine", "{\"exp\":1700000001}", TOKEN_OK, ""},
    {"exp_now_is_expired", "{\"exp\":1700000000}", TOKEN_EXPIRED, "the token has expired"},
    {"exp_past_is_expired", "{\"sub\":\"42\",\"exp\":1600000000}", TOKEN_EXPIRED,
     "the token has expired"},
    {"exp_0_is_expired", "{\"exp\":0}", TOKEN_EXPIRED, "the token has expired"},
    {"exp_with_a_fraction_is_fine", "{\"exp\":1700000001.5}", TOKEN_OK, ""},
    {"exp_past_with_a_fraction_is_expired", "{\"exp\":1.6e9}", TOKEN_EXPIRED,
     "the token has expired"},
    {"exp_in_milliseconds_is_refused", "{\"exp\":1700000001000}", TOKEN_INVALID,
     "exp is not a time in seconds since 1970"},
    {"exp_negative_is_refused", "{\"exp\":-1}", TOKEN_INVALID,
     "exp is not a time in seconds since 1970"},
    {"exp_string_is_refused", "{\"exp\":\"1700000001\"}", TOKEN_INVALID,
     "exp must be a number"},
    {"exp_null_is_refused", "{\"exp\":null}", TOKEN_INVALID, "exp must be a number"},
    {"exp_too_big_for_a_number_is_refused", "{\"exp\":1e999}", TOKEN_INVALID,
     "the token's payload is not JSON"},
    {"nbf_now_is_fine", "{\"nbf\":1700000000}", TOKEN_OK, ""},
    {"nbf_in_a_second_is_refused", "{\"nbf\":1700000001}", TOKEN_INVALID,
     "the token is not yet valid"},
    {"nbf_string_is_refused", "{\"nbf\":\"0\"}", TOKEN_INVALID, "nbf must be a number"},
    {"nbf_beyond_exp_is_refused", "{\"nbf\":1700000001,\"exp\":1600000000}", TOKEN_INVALID,
     "the token is not yet valid"},
    {"sub_wrong_in_an_expired_token_is_refused", "{\"sub\":1,\"exp\":1}", TOKEN_INVALID,
     "sub must be a string"},
};

static void claims_are_judged(void **state)
{
    const struct claims_row *row = *state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    struct token token;
    char *text = sign_claims(row->claims);
    enum token_result result = verify(keys, text, strlen(text), &token);
    assert_string_equal(token.error, row->error);
    assert_int_equal(result, row->result);
    if (result != TOKEN_OK)
        assert_has_no_claims(&token);
    token_finish(&token);
    free(text);
    token_keys_destroy(keys);
}

static void payload_with_a_zero_octet_is_refused(void **state)
{
    (void)state;
    static const char claims[] = "{\"sub\":\"42\"}\0,";
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    char *text = sign(SECRET, "{\"alg\":\"HS256\"}", claims, sizeof(claims) - 1);
    expect_refusal(keys, text, strlen(text), "the token's payload is not JSON");
    free(text);
    token_keys_destroy(keys);
}

static void claims_are_handed_out(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    struct token token;
    char *text =
        sign_claims("{\"sub\":\"caf\xc3\xa9\",\"client\":\"c1\",\"channel\":\"room 7\","
                    "\"info\":[1, \"two\"],\"exp\":1700000060.9,"
                    "\"subs\":{\"a\":{},\"b\":{\"info\":{\"x\": 1}}}}");
    assert_int_equal(verify(keys, text, strlen(text), &token), TOKEN_OK);
    assert_string_equal(token.user, "caf\xc3\xa9");
    assert_string_equal(token.client, "c1");
    assert_string_equal(token.channel, "room 7");
    assert_string_equal(token.info, "[1,\"two\"]");
    assert_int_equal(token.expires_at_s, 1700000060);
    assert_int_equal(token.sub_count, 2);
    assert_string_equal(token.subs[0].channel, "a");
    assert_string_equal(token.subs[0].options, "{}");
    assert_string_equal(token.subs[1].channel, "b");
    assert_string_equal(token.subs[1].options, "{\"info\":{\"x\":1}}");
    token_finish(&token);
    free(text);
    token_keys_destroy(keys);
}

static const struct info_row {
    const char *name;
    const char *claims;
    const char *info;
} info_rows[] = {
    {"info_missing_is_none", "{}", NULL},
    {"info_null_is_none", "{\"info\":null}", NULL},
    {"info_string_stays_a_string", "{\"info\":\"Ada\"}", "\"Ada\""},
    {"info_false_stays_false", "{\"info\":false}", "false"},
    {"info_object_keeps_its_order", "{\"info\":{\"b\":1,\"a\":\"\xc3\xa9\"}}",
     "{\"b\":1,\"a\":\"\xc3\xa9\"}"},
};

static void info_is_handed_out(void **state)
{
    const struct info_row *row = *state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    struct token token;
    char *text = sign_claims(row->claims);
    assert_int_equal(verify(keys, text, strlen(text), &token), TOKEN_OK);
    if (row->info)
        assert_string_equal(token.info, row->info);
    else
        assert_null(token.info);
    token_finish(&token);
    free(text);
    token_keys_destroy(keys);
}

static void info_too_long_is_refused(void **state)
{
    (void)state;
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    char claims[TOKEN_INFO_BYTES_MAX + 32];
    (void)snprintf(claims, sizeof(claims), "{\"info\":\"%0*d\"}", TOKEN_INFO_BYTES_MAX - 1, 0);
    char *text = sign_claims(claims);
    expect_refusal(keys, text, strlen(text), "info is longer than 4096 bytes");
    free(text);
    token_keys_destroy(keys);
}

/* {"claim":[…]} or {"claim":{…}} with that many names. *new* */
static char *many_names(const char *claim, bool is_object, int count)
{
    char *claims = malloc(64 + (size_t)count * 16);
    int at = sprintf(claims, "{\"%s\":%c", claim, is_object ? '{' : '[');
    for (int i = 0; i < count; i++)
        at += sprintf(claims + at, "%s\"c%d\"%s", i ? "," : "", i, is_object ? ":{}" : "");
    (void)sprintf(claims + at, "%c}", is_object ? '}' : ']');
    return claims;
}

static void expect_names(const char *claim, bool is_object, int count, const char *error)
{
    struct token_keys *keys = make_keys(SECRET, NULL, NULL);
    char *claims = many_names(claim, is_object, count);
    char *text = sign_claims(claims);
    struct token token;
    enum token_result result = verify(keys, text, strlen(text), &token);
    assert_string_equal(token.error, error);
    if (result == TOKEN_OK)
        assert_int_equal(is_object ? token.sub_count : token.channel_count, count);
    token_finish(&token);
    free(text);
    free(claims);
    token_keys_destroy(keys);
}

static void channels_as_many_as_may_be_are_taken(void **state)
{
    (void)state;
    expect_names("channels", false, TOKEN_CHANNELS_MAX, "");
    expect_names("subs", true, TOKEN_CHANNELS_MAX, "");
}

static void channels_too_many_are_refused(void **state)
{
    (void)state;
    expect_names("channels", false, TOKEN_CHANNELS_MAX + 1, "channels has more than 128 names");
    expect_names("subs", true, TOKEN_CHANNELS_MAX + 1, "subs has more than 128 names");
}

/* ------------------------------------------------------------------------- aud and iss */

static const struct party_row {
    const char *name;
    const char *claims;
    const char *error;
} party_rows[] = {
    {"party_both_right_are_fine", "{\"aud\":\"chat\",\"iss\":\"shop\"}", ""},
    {"party_aud_in_a_list_is_fine", "{\"aud\":[\"mail\",\"chat\"],\"iss\":\"shop\"}", ""},
    {"party_aud_missing_is_refused", "{\"iss\":\"shop\"}", "aud is missing"},
    {"party_aud_other_is_refused", "{\"aud\":\"chat2\",\"iss\":\"shop\"}",
     "aud is another audience"},
    {"party_aud_empty_list_is_refused", "{\"aud\":[],\"iss\":\"shop\"}",
     "aud is another audience"},
    {"party_aud_not_in_the_list_is_refused", "{\"aud\":[\"mail\"],\"iss\":\"shop\"}",
     "aud is another audience"},
    {"party_aud_number_is_refused", "{\"aud\":1,\"iss\":\"shop\"}",
     "aud must be a string or an array of strings"},
    {"party_aud_number_in_the_list_is_refused", "{\"aud\":[\"chat\",1],\"iss\":\"shop\"}",
     "aud must be a string or an array of strings"},
    {"party_iss_missing_is_refused", "{\"aud\":\"chat\"}", "iss is missing"},
    {"party_iss_other_is_refused", "{\"aud\":\"chat\",\"iss\":\"Shop\"}",
     "iss is another issuer"},
    {"party_iss_list_is_refused", "{\"aud\":\"chat\",\"iss\":[\"shop\"]}",
     "iss must be a string"},
    {"party_other_in_an_expired_token_is_refused",
     "{\"aud\":\"mail\",\"iss\":\"shop\",\"exp\":1}", "aud is another audience"},
};

static void party_is_judged(void **state)
{
    const struct party_row *row = *state;
    char *error;
    struct token_keys *keys = try_keys(SECRET, NULL, NULL, "chat", "shop", &error);
    struct token token;
    char *text = sign_claims(row->claims);
    enum token_result result = verify(keys, text, strlen(text), &token);
    assert_string_equal(token.error, row->error);
    assert_int_equal(result, row->error[0] ? TOKEN_INVALID : TOKEN_OK);
    token_finish(&token);
    free(text);
    token_keys_destroy(keys);
}

/* ---------------------------------------------------------------------------------- keys */

#define NO_PEM "no public key in PEM form (-----BEGIN PUBLIC KEY-----)"

static const struct key_row {
    const char *name;
    const char *rsa;
    const char *ec;
    const char *error;
} key_rows[] = {
    {"key_file_empty_is_refused", "", NULL, NO_PEM},
    {"key_file_of_text_is_refused", "a secret", NULL, NO_PEM},
    {"key_file_damaged_is_refused", NULL,
     "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", NO_PEM},
    {"key_rsa_in_the_place_of_ec_is_refused", NULL, rsa_pem, "the key is not an EC key"},
    {"key_ec_in_the_place_of_rsa_is_refused", ec_pem, NULL, "the key is not an RSA key"},
    {"key_rsa_of_1024_bits_is_refused", rsa_1024_pem, NULL,
     "the RSA key has less than 2048 bits"},
    {"key_of_another_curve_is_refused", NULL, ec_p521_pem,
     "the EC key is on none of the curves P-256, P-384 and Ed25519"},
};

static void key_is_refused(void **state)
{
    const struct key_row *row = *state;
    char *error;
    assert_null(try_keys(SECRET, row->rsa, row->ec, NULL, NULL, &error));
    const char *begin = row->ec ? "--token-ec-key: /tmp/" : "--token-rsa-key: /tmp/";
    const char *end = error + strlen(error) - strlen(row->error);
    assert_memory_equal(error, begin, strlen(begin));
    assert_string_equal(end, row->error);
    assert_int_equal(ERR_peek_error(), 0);
    free(error);
}

static void key_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct token_key_options options = {.ec_public_key_file = "/tmp/no/such/key"};
    char *error = NULL;
    assert_null(token_keys_create(&options, &error));
    assert_string_equal(error, "--token-ec-key: /tmp/no/such/key: No such file or directory");
    free(error);
}

static void key_file_that_is_a_folder_is_named(void **state)
{
    (void)state;
    struct token_key_options options = {.rsa_public_key_file = "/tmp"};
    char *error = NULL;
    assert_null(token_keys_create(&options, &error));
    assert_string_equal(error, "--token-rsa-key: /tmp: Is a directory");
    free(error);
}

static void keys_are_configured_when_there_is_one(void **state)
{
    (void)state;
    struct token_key_options none = {.hmac_secret = "", .audience = "chat", .issuer = "shop"};
    struct token_key_options secret = {.hmac_secret = "x"};
    struct token_key_options rsa = {.rsa_public_key_file = "x"};
    struct token_key_options ec = {.ec_public_key_file = "x"};
    assert_false(token_keys_are_configured(&none));
    assert_true(token_keys_are_configured(&secret));
    assert_true(token_keys_are_configured(&rsa));
    assert_true(token_keys_are_configured(&ec));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_example_of_rfc7515_is_taken),
        cmocka_unit_test(good_signature_of_every_alg_needs_its_own_key),
        cmocka_unit_test(good_es384_is_taken_with_a_key_of_its_curve),
        cmocka_unit_test(forged_signature_is_refused),
        cmocka_unit_test(forged_payload_is_refused),
        cmocka_unit_test(forged_cut_signature_is_refused),
        cmocka_unit_test(header_without_typ_or_with_more_is_taken),
        cmocka_unit_test(public_key_as_secret_is_refused),
        cmocka_unit_test(none_without_signature_is_refused),
        cmocka_unit_test(no_keys_refuse_everything),
        cmocka_unit_test(form_zero_octet_is_refused),
        cmocka_unit_test(form_as_long_as_may_be_is_taken),
        cmocka_unit_test(form_too_long_is_refused),
        cmocka_unit_test(payload_with_a_zero_octet_is_refused),
        cmocka_unit_test(claims_are_handed_out),
        cmocka_unit_test(info_too_long_is_refused),
        cmocka_unit_test(channels_as_many_as_may_be_are_taken),
        cmocka_unit_test(channels_too_many_are_refused),
        cmocka_unit_test(key_file_that_is_not_there_is_named),
        cmocka_unit_test(key_file_that_is_a_folder_is_named),
        cmocka_unit_test(keys_are_configured_when_there_is_one),
    };
    struct unit_suite suite = {.count = 0};
    UNIT_ADD_ROWS(&suite, good_rows, good_token_is_taken);
    UNIT_ADD_ROWS(&suite, forged_rows, forgery_is_refused);
    UNIT_ADD_ROWS(&suite, header_rows, header_is_refused);
    UNIT_ADD_ROWS(&suite, form_rows, form_is_refused);
    UNIT_ADD_ROWS(&suite, claims_rows, claims_are_judged);
    UNIT_ADD_ROWS(&suite, info_rows, info_is_handed_out);
    UNIT_ADD_ROWS(&suite, party_rows, party_is_judged);
    UNIT_ADD_ROWS(&suite, key_rows, key_is_refused);
    UNIT_ADD(&suite, tests);
    return unit_run(&suite, "token");
}
