/* Which node of a cluster has our slot, as CLUSTER NODES says it. */

#include "billing_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ID ADDRESS FLAGS MASTER PING PONG EPOCH LINK SLOTS... */
enum {
    BILLING_CLUSTER_ADDRESS = 1,
    BILLING_CLUSTER_FLAGS = 2,
    BILLING_CLUSTER_EPOCH = 6,
    BILLING_CLUSTER_SLOTS = 8
};


static bool billing_cluster_line(const char *line, unsigned slot,
    billing_cluster_master_t *out);
static bool billing_cluster_is_master(const char *flags);
static bool billing_cluster_has(const char *slots, unsigned slot);
static bool billing_cluster_address(const char *address,
    billing_cluster_master_t *out);


bool
billing_cluster_master(const char *nodes, unsigned slot,
    billing_cluster_master_t *out)
{
    while (nodes != NULL && *nodes != '\0') {
        if (billing_cluster_line(nodes, slot, out)) {
            return true;
        }

        nodes = strchr(nodes, '\n');
        nodes = nodes ? nodes + 1 : NULL;
    }

    return false;
}


static bool
billing_cluster_line(const char *line, unsigned slot,
    billing_cluster_master_t *out)
{
    const char  *words[BILLING_CLUSTER_SLOTS + 1];

    for (unsigned i = 0; i <= BILLING_CLUSTER_SLOTS; i++) {
        words[i] = line;
        line += strcspn(line, " \n");

        if (*line != ' ' && i < BILLING_CLUSTER_SLOTS) {
            return false;               /* ends early, or has no slots */
        }

        line += *line == ' ';
    }

    out->epoch = strtoull(words[BILLING_CLUSTER_EPOCH], NULL, 10);

    return billing_cluster_is_master(words[BILLING_CLUSTER_FLAGS])
           && billing_cluster_has(words[BILLING_CLUSTER_SLOTS], slot)
           && billing_cluster_address(words[BILLING_CLUSTER_ADDRESS], out);
}


/* "master" or "myself,master", up to a blank. */

static bool
billing_cluster_is_master(const char *flags)
{
    size_t  len = sizeof("master") - 1;

    while (*flags != ' ' && *flags != '\0') {
        if (strncmp(flags, "master", len) == 0) {
            return true;
        }

        flags++;
    }

    return false;
}


/* "N", "N-M", and "[N->-ID]" of what is on its way, which says nothing. */

static bool
billing_cluster_has(const char *slots, unsigned slot)
{
    char           *end;
    unsigned long   first, last;

    while (*slots >= '0' && *slots <= '9') {
        first = strtoul(slots, &end, 10);
        last = (*end == '-') ? strtoul(end + 1, &end, 10) : first;

        if (slot >= first && slot <= last) {
            return true;
        }

        slots = end + (*end == ' ');
    }

    return false;
}


/* "HOST:PORT@BUS", perhaps ",NAME"; a node that met nobody has no host. */

static bool
billing_cluster_address(const char *address, billing_cluster_master_t *out)
{
    int            n;
    size_t         host = strcspn(address, "@, \n");
    unsigned long  port;

    while (host > 0 && address[host - 1] != ':') {
        host--;
    }

    if (host < 2) {
        return false;
    }

    port = strtoul(address + host, NULL, 10);
    n = snprintf(out->host, sizeof(out->host), "%.*s", (int) host - 1,
                 address);
    out->port = (unsigned) port;

    return n > 0 && (size_t) n < sizeof(out->host) && port >= 1
           && port <= 65535;
}
