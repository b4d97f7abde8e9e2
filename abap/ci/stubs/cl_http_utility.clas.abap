CLASS cl_http_utility DEFINITION PUBLIC CREATE PUBLIC.
  PUBLIC SECTION.
    CLASS-METHODS encode_x_base64
      IMPORTING unencoded      TYPE xstring
      RETURNING VALUE(encoded) TYPE string.
    CLASS-METHODS decode_x_base64
      IMPORTING encoded        TYPE string
      RETURNING VALUE(decoded) TYPE xstring.
ENDCLASS.

CLASS cl_http_utility IMPLEMENTATION.
  METHOD encode_x_base64.
    WRITE '@KERNEL encoded.set(Buffer.from(unencoded.get(), "hex").toString("base64"));'.
  ENDMETHOD.

  METHOD decode_x_base64.
    WRITE '@KERNEL decoded.set(Buffer.from(encoded.get(), "base64").toString("hex").toUpperCase());'.
  ENDMETHOD.
ENDCLASS.
