CLASS cl_abap_message_digest DEFINITION PUBLIC CREATE PRIVATE.
  PUBLIC SECTION.
    CLASS-METHODS get_instance
      IMPORTING if_algorithm     TYPE string DEFAULT `SHA1`
      RETURNING VALUE(ro_object) TYPE REF TO cl_abap_message_digest
      RAISING   cx_abap_message_digest.
    METHODS update
      IMPORTING if_data TYPE xstring
      RAISING   cx_abap_message_digest.
    METHODS digest
      RAISING cx_abap_message_digest.
    METHODS to_string
      RETURNING VALUE(rv_string) TYPE string
      RAISING   cx_abap_message_digest.
  PRIVATE SECTION.
    DATA hash TYPE string.
ENDCLASS.

CLASS cl_abap_message_digest IMPLEMENTATION.
  METHOD get_instance.
    ASSERT if_algorithm = `SHA256`.
    CREATE OBJECT ro_object.
    WRITE '@KERNEL ro_object.get().native = globalThis.longhaulNative.sha256();'.
  ENDMETHOD.

  METHOD update.
    WRITE '@KERNEL this.native.update(Buffer.from(if_data.get(), "hex"));'.
  ENDMETHOD.

  METHOD digest.
    WRITE '@KERNEL this.#hash.set(this.native.digest("hex").toUpperCase());'.
  ENDMETHOD.

  METHOD to_string.
    rv_string = hash.
  ENDMETHOD.
ENDCLASS.
