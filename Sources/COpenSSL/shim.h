#pragma once

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

// Macros, which Swift does not see.

static inline const char *copenssl_last_error(char *text, size_t size) {
    unsigned long code = ERR_peek_last_error();
    ERR_error_string_n(code, text, size);
    ERR_clear_error();
    return text;
}
