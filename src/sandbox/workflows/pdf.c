#include "sandbox/workflows/pdf.h"
#include "core/base/buf.h"
#include <string.h>

/* Adds a PDF string: in parentheses, with backslashes before special characters. Characters outside ASCII
 * would need another font encoding, and become question marks. */
static void pdf_add_string(ic_buf *out, const char *text) {
    ic_buf_putc(out, '(');
    for (; *text; text++) {
        if (((unsigned char)*text & 0xC0) == 0x80) continue; /* a continuation byte of UTF-8 */
        if (*text == '(' || *text == ')' || *text == '\\') ic_buf_putc(out, '\\');
        ic_buf_putc(out, *text >= ' ' && *text <= '~' ? *text : '?');
    }
    ic_buf_putc(out, ')');
}

static void pdf_add_page_text(ic_buf *out, const char *title) {
    ic_buf text = {0};
    ic_buf_puts(&text, "BT /F1 18 Tf 72 760 Td ");
    pdf_add_string(&text, title);
    ic_buf_puts(&text, " Tj ET");
    ic_buf_printf(out, "<</Length %zu>>stream\n", text.length);
    ic_buf_add(out, text.data, text.length);
    ic_buf_puts(out, "\nendstream");
    if (text.failed) out->failed = true;
    ic_buf_free(&text);
}

static void pdf_add_info(ic_buf *out, const char *title) {
    ic_buf_puts(out, "<</Title");
    pdf_add_string(out, title);
    ic_buf_puts(out, ">>");
}

ic_blob *ic_pdf_make(const char *title) {
    enum { INFO = 6, OBJECTS = 6 };
    static const char *const objects[OBJECTS] = {
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        NULL,
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        NULL,
    };
    size_t offsets[OBJECTS], length;
    ic_buf pdf = {0};
    ic_buf_puts(&pdf, "%PDF-1.4\n");
    for (size_t i = 0; i < OBJECTS; i++) {
        offsets[i] = pdf.length;
        ic_buf_printf(&pdf, "%zu 0 obj\n", i + 1);
        if (objects[i])
            ic_buf_puts(&pdf, objects[i]);
        else
            (i + 1 == INFO ? pdf_add_info : pdf_add_page_text)(&pdf, title);
        ic_buf_puts(&pdf, "\nendobj\n");
    }
    size_t table = pdf.length;
    ic_buf_printf(&pdf, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (size_t i = 0; i < OBJECTS; i++)
        ic_buf_printf(&pdf, "%010zu 00000 n \n", offsets[i]);
    ic_buf_printf(&pdf, "trailer<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%zu\n%%%%EOF\n", OBJECTS + 1,
                  INFO, table);
    char *bytes = ic_buf_take(&pdf, &length);
    ic_buf_free(&pdf);
    return bytes ? ic_blob_new(bytes, length) : NULL;
}

char *ic_pdf_name(const char *title) {
    ic_buf name = {0};
    for (; *title; title++)
        ic_buf_putc(&name, strchr("/\\\"", *title) || (unsigned char)*title < ' ' ? '_' : *title);
    ic_buf_puts(&name, ".pdf");
    char *text = ic_buf_take(&name, NULL);
    ic_buf_free(&name);
    return text;
}
