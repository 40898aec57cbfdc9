#include "sandbox/workflows/document.h"
#include "core/base/alloc.h"

void ic_document_free(ic_document *document) {
    ic_free(document->filename);
    ic_blob_release(document->bytes);
    ic_free(document);
}
