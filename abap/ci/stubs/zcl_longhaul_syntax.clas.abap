"! In place of the real one, since nothing here checks ABAP: every line that says TODO is a finding
CLASS zcl_longhaul_syntax DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_checker.
ENDCLASS.

CLASS zcl_longhaul_syntax IMPLEMENTATION.
  METHOD zif_longhaul_checker~check.
    DATA finding TYPE zif_longhaul_checker=>finding.
    DATA count TYPE i.
    DATA why TYPE string.
    IF object-type <> 'CLAS' AND object-type <> 'INTF' AND object-type <> 'PROG'.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-not_available
          message = `nothing checks objects of this type`.
    ENDIF.
    WRITE '@KERNEL const found = await globalThis.longhaul.check(object.get().type.get().trimEnd(), object.get().name.get().trimEnd());'.
    WRITE '@KERNEL why.set(found.why ?? "");'.
    IF why IS NOT INITIAL.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-atc_error
          message = why.
    ENDIF.
    WRITE '@KERNEL count.set(found.findings.length);'.
    DO count TIMES.
      WRITE '@KERNEL const next = found.findings.shift();'.
      finding-priority = 3.
      finding-check = `todo`.
      finding-message = `comment says TODO`.
      WRITE '@KERNEL finding.get().file.set(next.file);'.
      WRITE '@KERNEL finding.get().line.set(next.line);'.
      APPEND finding TO findings.
    ENDDO.
  ENDMETHOD.
ENDCLASS.
