CLASS cl_system_uuid DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    TYPES sysuuid_c32 TYPE c LENGTH 32.
    CLASS-METHODS create_uuid_c32_static
      RETURNING VALUE(uuid) TYPE sysuuid_c32
      RAISING   cx_uuid_error.
ENDCLASS.

CLASS cl_system_uuid IMPLEMENTATION.
  METHOD create_uuid_c32_static.
    WRITE '@KERNEL uuid.set(globalThis.longhaulNative.uuid());'.
  ENDMETHOD.
ENDCLASS.
