package io.kvbm.backend.remote.auth;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;

/** Whom a certificate stands for. */
public final class Certificates {

  private static final int DNS_NAME = 2;

  private Certificates() {}

  /**
   * {@return whether a certificate is that of an agent: its common name, or one of its DNS names}
   *
   * @param certificate checked against the authority already
   * @param agent the agent's name
   */
  public static boolean isOf(X509Certificate certificate, String agent) {
    try {
      boolean common =
          new LdapName(certificate.getSubjectX500Principal().getName())
              .getRdns().stream()
                  .anyMatch(
                      part ->
                          part.getType().equalsIgnoreCase("CN") && agent.equals(part.getValue()));
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return common
          || names != null
              && names.stream()
                  .anyMatch(name -> name.get(0).equals(DNS_NAME) && agent.equals(name.get(1)));
    } catch (InvalidNameException | CertificateParsingException _) {
      return false;
    }
  }
}
