#include "sandbox/workflows/packet.h"
#include "core/base/alloc.h"
#include <string.h>

#define X(constant, name) name,
const char *const ic_signature_names[IC_SIGNATURE_COUNT] = {IC_SIGNATURES(X)};
#undef X

void ic_signer_free(ic_signer *signer) {
    ic_free(signer->role_name);
    ic_free(signer->name);
    ic_free(signer->email);
    ic_free(signer);
}

bool ic_signer_set(ic_signer *signer, const char *name, const char *email, ic_user *user) {
    char *new_name = ic_strdup(name), *new_email = ic_strdup(email);
    if (!new_name || !new_email) {
        ic_free(new_name);
        ic_free(new_email);
        return false;
    }
    ic_free(signer->name);
    ic_free(signer->email);
    signer->name = new_name;
    signer->email = new_email;
    signer->user = user;
    signer->reminded = IC_TIME_NONE;
    return true;
}

ic_signer *ic_packet_signer(const ic_packet *packet, const char *role_name) {
    for (size_t i = 0; i < packet->signers.count; i++) {
        ic_signer *signer = packet->signers.items[i];
        if (strcmp(signer->role_name, role_name) == 0) return signer;
    }
    return NULL;
}

void ic_packet_remove(ic_packet *packet, ic_signer *signer) {
    size_t kept = 0;
    for (size_t i = 0; i < packet->signers.count; i++)
        if (packet->signers.items[i] != signer) packet->signers.items[kept++] = packet->signers.items[i];
    packet->signers.count = kept;
    ic_signer_free(signer);
}

void ic_packet_hand_over(ic_packet *packet, const ic_user *leaving, ic_user *successor) {
    for (size_t i = 0; packet && i < packet->signers.count; i++) {
        ic_signer *signer = packet->signers.items[i];
        if (signer->user == leaving && signer->signature != IC_SIGNATURE_SIGNED)
            ic_signer_set(signer, successor->display_name, successor->email, successor);
    }
}

void ic_packet_free(ic_packet *packet) {
    if (!packet) return;
    for (size_t i = 0; i < packet->signers.count; i++)
        ic_signer_free(packet->signers.items[i]);
    ic_array_free(&packet->signers);
    ic_free(packet);
}

bool ic_packet_is_signed(const ic_packet *packet) {
    for (size_t i = 0; i < packet->signers.count; i++)
        if (((const ic_signer *)packet->signers.items[i])->signature != IC_SIGNATURE_SIGNED) return false;
    return packet->signers.count > 0;
}
