CLASS cl_abap_codepage DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    CLASS-METHODS convert_to
      IMPORTING
        source        TYPE clike
        codepage      TYPE string DEFAULT `UTF-8`
      RETURNING
        VALUE(result) TYPE xstring.
    CLASS-METHODS convert_from
      IMPORTING
        source        TYPE xsequence
        codepage      TYPE string DEFAULT `UTF-8`
      RETURNING
        VALUE(result) TYPE string.
ENDCLASS.

CLASS cl_abap_codepage IMPLEMENTATION.
  METHOD convert_to.
    ASSERT codepage = `UTF-8`.
    WRITE '@KERNEL result.set(Buffer.from(source.get(), "utf8").toString("hex").toUpperCase());'.
  ENDMETHOD.

  METHOD convert_from.
    ASSERT codepage = `UTF-8`.
    WRITE '@KERNEL const bytes = Buffer.from(source.get(), "hex");'.
    WRITE '@KERNEL let text; try { text = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(bytes); } catch (e) { throw new abap.Classes["CX_SY_CONVERSION_CODEPAGE"](); }'.
    WRITE '@KERNEL result.set(text);'.
  ENDMETHOD.
ENDCLASS.
